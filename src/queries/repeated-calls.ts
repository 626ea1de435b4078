import type { Call, CallPlace, CallSource } from "./call.ts";
import { type Fingerprint, fingerprint } from "./fingerprint.ts";
import { hintFor } from "./hints.ts";
import { commonForm } from "./ids.ts";
import { compileIgnoreRules, type IgnoresCall } from "./ignore-rules.ts";
import { isPaging } from "./paging.ts";
import { isFirstCallOf } from "./stacks.ts";

export type RepeatedKind = "n+1" | "duplicate" | "similar" | "batchable" | "possible";
export type RepeatedSeverity = "info" | "warning" | "error";

/** Equal or similar calls of one unit of work. */
export interface RepeatedCallGroup {
  /**
   * `n+1`: from one place, with different parameters; `duplicate`: the same parameters again;
   * `similar`: parameters unknown; `batchable`: repeated writes; `possible`: no place known.
   */
  readonly kind: RepeatedKind;
  readonly severity: RepeatedSeverity;
  readonly source: CallSource;
  readonly fingerprint: string;
  /** The first call's own text. */
  readonly example: string;
  readonly place?: CallPlace;
  readonly count: number;
  /** Different sets of parameters; undefined if parameters are unknown. */
  readonly distinct?: number;
  /** Sum of the durations. */
  readonly totalMs: number;
  /** Whether calls overlapped. */
  readonly concurrent: boolean;
  readonly spanIds: readonly string[];
  readonly hint: string;
}

export interface RepeatedCallOptions {
  /** Fingerprints and places that are not reported; `compileIgnoreRules` has the forms. */
  readonly ignore?: readonly string[];
}

/** Calls from one place that are a loop; each limit with its severity. */
const LOOP_LIMITS = { info: 3, warning: 5, error: 20 };
/** Equal calls. */
const DUPLICATE_LIMITS = { info: 2, warning: 5, error: 20 };
/** Calls without a place, which may come from different ones. */
const POSSIBLE_LIMITS = { info: 5, warning: 20, error: Infinity };

/**
 * Finds repeated calls in the units of work of a trace. Groups share no call. The order is
 * that of count times duration.
 */
export function findRepeatedCalls(
  calls: readonly Call[],
  { ignore = [] }: RepeatedCallOptions = {},
): RepeatedCallGroup[] {
  const relevant = describeAll(calls, compileIgnoreRules(ignore));
  const loops = mergeFirstCalls(groupBy(relevant, siteOf)).flatMap(toLoop);
  const grouped = new Set(loops.flatMap(({ spanIds }) => spanIds));
  const rest = relevant.filter(({ call, repeats }) => repeats && !grouped.has(call.spanId));
  const duplicates = groupBy(rest, ({ equal }) => equal).flatMap(toDuplicate);
  return [...loops, ...duplicates].toSorted((a, b) => rank(b) - rank(a));
}

/** A call with what it is compared by. */
interface DescribedCall {
  readonly call: Call;
  readonly fingerprint: Fingerprint;
  /** Text and parameters; undefined if the parameters are unknown. */
  readonly identity: string | undefined;
  /** Identity, within the unit of work and between two writes to its targets. */
  readonly equal: string;
  /** Whether an equal call would be a duplicate: a read whose parameters are known, that succeeded. */
  readonly repeats: boolean;
}

function describeAll(calls: readonly Call[], ignores: IgnoresCall): DescribedCall[] {
  const versions = new TargetVersions();
  const described: DescribedCall[] = [];
  for (const call of calls.toSorted((a, b) => a.start - b.start)) {
    const form = fingerprint(call);
    const { effect, targets } = form;
    if (effect === "write") versions.write(call, targets);
    if (effect === "none" || form.isIgnored || ignores(form.text, call.place)) continue;
    const identity = identityOf(call, form);
    described.push({
      ...{ call, fingerprint: form, identity },
      equal: key(call.scope, call.source, identity, versions.of(call, targets)),
      repeats: identity !== undefined && effect === "read" && targets.length > 0 && !call.failed,
    });
  }
  return described;
}

function identityOf({ text, parameters }: Call, { isComplete }: Fingerprint): string | undefined {
  if (parameters === undefined && !isComplete) return undefined;
  return key(text, ...(parameters ?? []));
}

/** Counts writes to each table, key, collection and host: a read after one is no duplicate. */
class TargetVersions {
  readonly #versions = new Map<string, number>();

  write(call: Call, targets: readonly string[]): void {
    for (const target of targets)
      this.#versions.set(targetKey(call, target), this.#of(call, target) + 1);
  }

  of(call: Call, targets: readonly string[]): number {
    let sum = 0;
    for (const target of targets) sum += this.#of(call, target);
    return sum;
  }

  #of(call: Call, target: string): number {
    return this.#versions.get(targetKey(call, target)) ?? 0;
  }
}

function targetKey({ source, system }: Call, target: string): string {
  return key(source, system, target);
}

/** Returns a key of parts, none of which has the separator. */
function key(...parts: readonly (string | number | undefined)[]): string {
  return parts.join("\0");
}

/** Returns what calls of one loop share: their place, or without one their parent. */
function siteOf({ call, fingerprint: { group, text, effect } }: DescribedCall): string {
  const { scope, source, place, stack, parentSpanId } = call;
  if (place === undefined) return key(scope, source, effect, "parent", parentSpanId, text);
  const { file, line, column } = place;
  return key(scope, source, effect, "place", stack ?? `${file}:${line}:${column}`, group);
}

function groupBy(
  calls: readonly DescribedCall[],
  keyOf: (call: DescribedCall) => string,
): DescribedCall[][] {
  const groups = new Map<string, DescribedCall[]>();
  for (const call of calls) {
    const group = groups.get(keyOf(call));
    if (group === undefined) groups.set(keyOf(call), [call]);
    else group.push(call);
  }
  return [...groups.values()];
}

/**
 * Adds the first call of a loop to the others: the functions around an `async` one still run at
 * its first call, and wait for it at the others, at other positions.
 */
function mergeFirstCalls(groups: readonly DescribedCall[][]): DescribedCall[][] {
  const loops = new Map<string, DescribedCall[]>();
  for (const group of groups) {
    const name = looseSiteOf(group[0]!);
    const known = loops.get(name);
    if (known === undefined || known.length < group.length) loops.set(name, group);
  }
  return groups.filter((group) => {
    const [call] = group as [DescribedCall];
    const loop = loops.get(looseSiteOf(call));
    if (group.length > 1 || loop === undefined || loop === group) return true;
    if (!isFirstCallOf(call.call.stack, loop[0]?.call.stack)) return true;
    loop.unshift(call);
    return false;
  });
}

function looseSiteOf(described: DescribedCall): string {
  return siteOf({ ...described, call: { ...described.call, stack: undefined } });
}

function toLoop(group: readonly DescribedCall[]): RepeatedCallGroup[] {
  const kind = loopKind(group);
  const limits = group[0]?.call.place === undefined ? POSSIBLE_LIMITS : LOOP_LIMITS;
  const severity = severityOf(group.length, limits);
  if (kind === undefined || severity === undefined) return [];
  const result = describeGroup(group, kind, severity);
  const isPaged =
    result.kind !== "batchable" &&
    isPaging(
      result,
      group.map(({ call }) => call),
    );
  return isPaged ? [] : [result];
}

/** Returns undefined for the same call again and again, which is a duplicate. */
function loopKind(group: readonly DescribedCall[]): RepeatedKind | undefined {
  const [first] = group;
  const distinct = distinctOf(group);
  if (distinct === 1) return undefined;
  if (first?.fingerprint.effect === "write") return "batchable";
  if (first?.call.place === undefined) return "possible";
  return distinct === undefined ? "similar" : "n+1";
}

function toDuplicate(group: readonly DescribedCall[]): RepeatedCallGroup[] {
  const severity = severityOf(group.length, DUPLICATE_LIMITS);
  return severity === undefined ? [] : [describeGroup(group, "duplicate", severity)];
}

function severityOf(count: number, limits: typeof LOOP_LIMITS): RepeatedSeverity | undefined {
  if (count >= limits.error) return "error";
  if (count >= limits.warning) return "warning";
  return count >= limits.info ? "info" : undefined;
}

function describeGroup(
  group: readonly DescribedCall[],
  kind: RepeatedKind,
  severity: RepeatedSeverity,
): RepeatedCallGroup {
  const [{ call, fingerprint: first }] = group as readonly [DescribedCall];
  const { source, place } = call;
  const distinct = distinctOf(group);
  const common = {
    ...{ kind, source },
    fingerprint: commonForm(new Set(group.map(({ fingerprint: { text } }) => text))),
    count: group.length,
    totalMs: group.reduce((sum, { call: { durationMs } }) => sum + durationMs, 0),
  };
  return {
    ...{ ...common, severity, example: call.text },
    ...(place !== undefined && { place }),
    ...(distinct !== undefined && { distinct }),
    concurrent: overlap(group),
    spanIds: group.map(({ call: { spanId } }) => spanId),
    hint: hintFor({ ...common, targets: first.targets }),
  };
}

function distinctOf(group: readonly DescribedCall[]): number | undefined {
  const identities = new Set(group.map(({ identity }) => identity));
  return identities.has(undefined) ? undefined : identities.size;
}

/** Whether one of the calls, in the order of their starts, began before another had ended. */
function overlap(group: readonly DescribedCall[]): boolean {
  let end = -Infinity;
  for (const { call } of group) {
    if (call.start < end) return true;
    end = Math.max(end, call.start + call.durationMs);
  }
  return false;
}

function rank({ count, totalMs }: RepeatedCallGroup): number {
  return count * totalMs;
}
