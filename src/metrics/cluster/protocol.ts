import type { MetricData, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import type { PageHistogram, PointWithExemplar } from "../exemplars.ts";
import type { Point } from "../merge/metrics-merge.ts";
import type { Inheritance } from "./succession.ts";

/*
 * The messages between the process with the admin port (the owner) and the others (its
 * members): one line of JSON each. A member has two connections. One only carries what
 * it sends, the other one the owner's messages: writing to a process that has just ended
 * fails, and Node would then discard what that process had sent before.
 */

/** The version of the messages, a part of the socket's path: copies of another version do not meet. */
export const PROTOCOL_VERSION = 2;

/**
 * The number of `changes` that a member may have sent and the owner has not read, and the number
 * of those that the owner acknowledges together. The last message of a process must fit into the
 * socket's buffer, as the process does not run until the owner reads (208 kB on Linux, where a
 * short message takes 1 kB).
 */
export const MAX_UNREAD_CHANGES = 16;
export const ACKNOWLEDGED_CHANGES = 8;

/** More than a process with a hundred full instruments sends at once. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

export type MemberMessage =
  /** The first message of the connection that the owner writes to. */
  | { readonly kind: "control"; readonly id: string }
  /** The first message of the other one, with the same random id. */
  | { readonly kind: "hello"; readonly id: string; readonly pid: number; readonly ppid: number }
  /** What the previous owner had left to this member. */
  | ({ readonly kind: "inheritance" } & Inheritance)
  /** Series that have changed. */
  | { readonly kind: "changes"; readonly scopeMetrics: ScopeMetrics[] }
  /** The answer to a request: the values of all gauges and observables, and what has changed. */
  | {
      readonly kind: "answer";
      readonly requestNumber: number;
      readonly scopeMetrics: ScopeMetrics[];
      /** The metrics of the worker threads of that process. */
      readonly threads: ScopeMetrics[] | undefined;
    }
  /** The reply to a call; undefined if there is none. */
  | { readonly kind: "reply"; readonly callNumber: number; readonly reply?: unknown };

export type OwnerMessage =
  /** After both first messages, and when the number of members has changed. A process of another app is disconnected instead. */
  | { readonly kind: "accepted"; readonly pushDelayMs: number }
  /** To one of the members, after each page and at the end. */
  | ({ readonly kind: "inheritance" } & Inheritance)
  /** How many `changes` of this connection the owner has read in all. */
  | { readonly kind: "read"; readonly changes: number }
  | { readonly kind: "request"; readonly requestNumber: number }
  /** A call of another layer, such as a run of cache warmers. */
  | { readonly kind: "call"; readonly callNumber: number; readonly call: unknown };

/** Returns the line of a message. */
export function lineOf(message: MemberMessage | OwnerMessage): string {
  return `${JSON.stringify(message)}\n`;
}

/**
 * Prepares metrics for a message: JSON has no NaN and no infinity.
 *
 * @param withExemplars whether to include exemplars, the larger part of a histogram.
 */
export function encodeMetrics(
  scopeMetrics: readonly ScopeMetrics[],
  withExemplars: boolean,
): ScopeMetrics[] {
  return scopeMetrics.map(({ scope, metrics }) => ({
    scope: { name: scope.name, version: scope.version, schemaUrl: scope.schemaUrl },
    metrics: metrics.map(
      (metric) =>
        ({
          ...metric,
          dataPoints: (metric.dataPoints as Point[]).map((point) =>
            encodePoint(point, withExemplars),
          ),
        }) as MetricData,
    ),
  })) as ScopeMetrics[];
}

function encodePoint(point: Point, withExemplars: boolean): unknown {
  const { value } = point;
  if (typeof value === "number" && !Number.isFinite(value)) {
    return { ...point, value: String(value) };
  }
  if (withExemplars) return point;
  if (typeof value === "number") {
    return (point as PointWithExemplar).exemplar === undefined
      ? point
      : { ...point, exemplar: undefined };
  }
  return (value as PageHistogram).exemplars === undefined
    ? point
    : { ...point, value: { ...value, exemplars: undefined } };
}

/** Splits what a socket receives into messages. */
export class MessageReader {
  #chunks: Buffer[] = [];
  #size = 0;

  /**
   * Returns the messages that this chunk completes.
   *
   * @throws if a line is no JSON or too long.
   */
  read(chunk: Buffer): unknown[] {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end === -1) {
      this.#keep(chunk);
      return [];
    }
    const text = Buffer.concat([...this.#chunks, chunk.subarray(0, end)]).toString();
    this.#chunks = [];
    this.#size = 0;
    if (end + 1 < chunk.length) this.#keep(chunk.subarray(end + 1));
    return text.split("\n").map((line) => JSON.parse(line) as unknown);
  }

  #keep(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > MAX_LINE_BYTES) throw new Error(`a message exceeds ${MAX_LINE_BYTES} bytes`);
    this.#chunks.push(chunk);
  }
}

const NEWLINE = 0x0a;
