import type { Context } from "mocha";
import type { LibraryRow } from "../row.ts";
import type { Telemetry } from "./telemetry.ts";

export type Environment = Readonly<Record<string, string>>;

/** Addresses of servers, by name. */
export type Addresses = Readonly<Record<string, string>>;

/** A run of an app, which is repeated on both pipelines. */
export interface LibraryRun {
  readonly title: string;
  /** The rows of the support table that it stands for. */
  readonly rows: readonly LibraryRow[];
  /** Whether it belongs to the selection of each test run; all of them run with `TEST_DIFFERENTIAL=all`. */
  readonly isSelected: boolean;
  /** @param addresses those of the group's server; empty without one */
  run(env: Environment, addresses: Addresses): Promise<Telemetry>;
}

/** Runs that share a server. */
export interface RunGroup {
  readonly title: string;
  readonly runs: readonly LibraryRun[];
  /** Starts the server, or skips the test where its program is not installed. */
  readonly startServer?: (test: Context) => Promise<GroupServer>;
}

export interface GroupServer {
  readonly addresses: Addresses;
  stop(): Promise<void>;
}
