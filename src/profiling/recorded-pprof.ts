import { fileURLToPath } from "node:url";
import type { MappedPosition } from "./mapped-positions.ts";
import { type PprofFunction, type PprofTime, PprofWriter } from "./pprof-writer.ts";
import type { WorkLabels } from "./unit-labels.ts";
import type { RecordedWork } from "./work-timeline.ts";

/** What V8 knows of a function; lines and columns from 0. */
interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** The content of a `.cpuprofile`. */
export interface CpuRecording {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  /** Microseconds, as all times. */
  readonly startTime: number;
  readonly endTime: number;
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

/** A node of the content of a `.heapprofile`. */
export interface AllocationNode {
  readonly callFrame: CallFrame;
  /** Bytes. */
  readonly selfSize: number;
  readonly children: readonly AllocationNode[];
}

/** Labels of samples, by which Pyroscope selects the profile of a span. */
export function labelsOf({ traceId, spanId, name }: WorkLabels): Record<string, string> {
  return { trace_id: traceId, span_id: spanId, ...(name !== "" && { span_name: name }) };
}

/**
 * Returns a CPU profile in the format of pprof, not compressed. Samples of work that was
 * alone in flight have its ids as labels. Time in which the thread waited is left out.
 *
 * @param work asked for by milliseconds since the start of the profile
 */
export function cpuPprof(
  profile: CpuRecording,
  work: RecordedWork,
  mapped: readonly MappedPosition[],
  time: PprofTime & {
    /** When the profile started, in milliseconds on the monotonic clock. */
    readonly startedAt: number;
  },
): Uint8Array {
  const writer = new PprofWriter([
    ["samples", "count"],
    ["cpu", "nanoseconds"],
  ]);
  const stacks = new Stacks(profile, new Functions(mapped), writer);
  for (const { nodeId, work: labels, count, us } of totalsOf(profile, work, time.startedAt)) {
    const stack = stacks.of(nodeId);
    if (stack.length === 0) continue;
    writer.add(stack, [count, Math.round(us * 1000)], labels && labelsOf(labels));
  }
  return writer.encode(time);
}

/** Returns an allocation profile in the format of pprof, not compressed. */
export function allocationPprof(
  head: AllocationNode,
  type: "alloc_space" | "inuse_space",
  mapped: readonly MappedPosition[],
  time: PprofTime,
): Uint8Array {
  const writer = new PprofWriter([[type, "bytes"]]);
  const functions = new Functions(mapped);
  const waiting = head.children.map((node) => ({ node, callers: [] as readonly number[] }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, callers } = next;
    const stack = [writer.locationOf(functions.of(node.callFrame)), ...callers];
    if (node.selfSize > 0) writer.add(stack, [Math.round(node.selfSize)]);
    for (const child of node.children) waiting.push({ node: child, callers: stack });
  }
  return writer.encode(time);
}

/** Samples of one function below the same callers, in the same work. */
interface Total {
  readonly nodeId: number;
  readonly work: WorkLabels | undefined;
  count: number;
  us: number;
}

/** Adds up samples: each lasts until the next one. */
function totalsOf(
  { samples = [], timeDeltas = [], startTime, endTime }: CpuRecording,
  work: RecordedWork,
  startedAt: number,
): Iterable<Total> {
  const totals = new Map<WorkLabels | undefined, Map<number, Total>>();
  let us = 0;
  for (const [at, nodeId] of samples.entries()) {
    us += Math.max(0, timeDeltas[at] ?? 0);
    const labels = work.at(startedAt + us / 1000);
    let ofWork = totals.get(labels);
    if (ofWork === undefined) totals.set(labels, (ofWork = new Map<number, Total>()));
    let total = ofWork.get(nodeId);
    if (total === undefined)
      ofWork.set(nodeId, (total = { nodeId, work: labels, count: 0, us: 0 }));
    total.count++;
    total.us += Math.max(0, timeDeltas[at + 1] ?? endTime - startTime - us);
  }
  return [...totals.values()].flatMap((ofWork) => [...ofWork.values()]);
}

/** The stacks of a CPU profile, each created once. */
class Stacks {
  readonly #known = new Map<number, readonly number[]>();
  readonly #frames: ReadonlyMap<number, CallFrame>;
  readonly #parents = new Map<number, number>();
  readonly #functions: Functions;
  readonly #writer: PprofWriter;

  constructor({ nodes }: CpuRecording, functions: Functions, writer: PprofWriter) {
    this.#functions = functions;
    this.#writer = writer;
    this.#frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
    for (const { id, children = [] } of nodes) {
      for (const child of children) this.#parents.set(child, id);
    }
  }

  /** Returns the functions of a node, the innermost one first; none of a thread that waited. */
  of(nodeId: number): readonly number[] {
    const known = this.#known.get(nodeId);
    if (known !== undefined) return known;
    const ids: number[] = [];
    let id: number | undefined = nodeId;
    while (id !== undefined) {
      const frame = this.#frames.get(id);
      const parent = this.#parents.get(id);
      // The root is no function.
      if (frame === undefined || parent === undefined || isIdle(frame)) break;
      ids.push(this.#writer.locationOf(this.#functions.of(frame)));
      id = parent;
    }
    this.#known.set(nodeId, ids);
    return ids;
  }
}

function isIdle({ functionName, url }: CallFrame): boolean {
  return functionName === "(idle)" && url === "";
}

/** The functions of a profile, with the places of their original files. */
class Functions {
  readonly #mapped: ReadonlyMap<string, MappedPosition>;

  constructor(mapped: readonly MappedPosition[]) {
    this.#mapped = new Map(
      mapped.map((position) => [keyOf(position.url, position.line, position.column), position]),
    );
  }

  of({ functionName, url, lineNumber, columnNumber }: CallFrame): PprofFunction {
    const original = this.#mapped.get(keyOf(url, lineNumber + 1, columnNumber + 1));
    return {
      name: functionName === "" ? "(anonymous)" : functionName,
      file: original?.file ?? fileOf(url),
      // V8 has -1 for code without a place.
      line: original?.originalLine ?? Math.max(0, lineNumber + 1),
    };
  }
}

function keyOf(url: string, line: number, column: number): string {
  return `${url}:${line}:${column}`;
}

/** Returns the path of a file, or the name of other code as it is: `node:fs`. */
function fileOf(url: string): string {
  try {
    return url.startsWith("file:") ? fileURLToPath(url) : url;
  } catch {
    return url;
  }
}
