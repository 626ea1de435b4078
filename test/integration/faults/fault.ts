import type { DropReason } from "../../../src/diagnostics/telemetry-counters.ts";
import type { Signal, StartPeer } from "./peers.ts";
import type { Service } from "./service.ts";

/** What is expected of one signal under one fault. */
export interface Cell {
  /**
   * What happens to the items that are created during the fault. `queued`: they are
   * tried, and kept until the receiver accepts them.
   */
  readonly result: "sent" | "dropped" | "queued";
  /** Why items are dropped: all of them, or `count` of them. */
  readonly reason?: DropReason;
  /** Number of dropped items, if others are sent. */
  readonly count?: number | "some";
  /** How often the same items are sent. Undefined: it depends on the time. */
  readonly attempts?: "one" | "several";
  /** Whether the attempts can't be counted: the receiver does not see them. */
  readonly isUncounted?: true;
  /** Minimum time between the first two attempts, in milliseconds. */
  readonly pauseMs?: number;
  /** The line on stderr, after "telltale: "; undefined: none. */
  readonly line?: RegExp;
  /** Whether no further line reports the recovery: `line` is no outage. */
  readonly isRemark?: true;
  /**
   * What happens to items that are created after the fault. Default: `sent`.
   * `queued`: they wait for the end of a pause, or of the process.
   */
  readonly afterwards?: "sent" | "queued" | "dropped";
}

export type FaultGroup =
  | "Connection"
  | "TLS"
  | "Responses"
  | "Proxy"
  | "Process and host"
  | "Data"
  | "Other code in the process";

/** A fault, and its expected effect on each signal. */
export interface Fault {
  readonly group: FaultGroup;
  /** A noun phrase, or a sentence about the receiver that starts with a verb. */
  readonly title: string;
  /** What listens instead of a receiver; undefined: a receiver without faults. */
  readonly peer?: StartPeer;
  /** Whether the receivers have TLS. */
  readonly isTls?: true;
  /** Host name in the endpoints. Default: 127.0.0.1. */
  readonly host?: string;
  /** Whether the fault ends with the first failure that is printed. Default: when each signal has its result. */
  readonly isShort?: true;
  /** Whether the fault is in the configuration, and does not end. */
  readonly isPermanent?: true;
  readonly env?: Readonly<Record<string, string>>;
  /** Prepares the fault. Undefined: a file system, a program or a right is missing. */
  readonly prepare?: () => Promise<Preparation | undefined>;
  /** Creates telemetry under the fault. Default: `SPANS` spans, `LOGS` log records and `EVENTS` events. */
  readonly work?: (service: Service, preparation: Preparation) => Promise<void>;
  /** Number of items that `work` creates, if it is not the default. */
  readonly created?: { readonly traces: number; readonly logs: number; readonly errors: number };
  /** Ends the fault in the process. */
  readonly end?: (service: Service, preparation: Preparation) => Promise<void>;
  /** Lines on stderr that belong to no signal. */
  readonly lines?: readonly RegExp[];
  readonly cells: Readonly<Record<Signal, Cell>>;
}

/** What a fault has prepared, outside of the process. */
export interface Preparation {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly launcher?: readonly string[];
  readonly cwd?: string;
  /** For `work` and `end`. */
  readonly set?: (value: string) => void | Promise<void>;
  readonly clean?: () => void | Promise<void>;
}

/** Number of items of one round: all spans, and all log records, are one batch. */
export const SPANS = 4;
export const LOGS = 4;
export const EVENTS = 1;

/** Creates the telemetry of one round: one span is the request's own. */
export function round(service: Service): Promise<void> {
  return service.request(`/work?spans=${SPANS - 1}&logs=${LOGS}&events=${EVENTS}`);
}
