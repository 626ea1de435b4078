import type { Receiver } from "../../../src/testing/receiver.ts";
import type { Program } from "../../integration/program.ts";
import type { SourceClient } from "./http-client.ts";
import type { PlaceName, Reporter } from "./places.ts";
import type { ThrownValue } from "./values.ts";

/** An app of a library that throws every value in every place. */
export interface ErrorSourceRow {
  /** Name and major version, as in the docs. */
  readonly framework: string;
  readonly app: SourceApp;
  readonly reporters: Readonly<Partial<Record<PlaceName, Reporter>>>;
  /** Returns the reporter of a value for which it is another than in `reporters`. */
  readonly reporterOf?: (thrown: ThrownAt) => Reporter | undefined;
  /** Returns the transaction of the events of a place; undefined if its requests have no route. */
  readonly transactionOf: (place: PlaceName) => string | undefined;
  /** Whether a call with this status has failed, so that its error is an event; default: no status, or a 5xx. */
  readonly isFailure?: (status: number | undefined, thrown: ThrownAt) => boolean;
  /** Whether a place is in a message that has a span of its own, without the request id. */
  readonly isMessage?: (place: PlaceName) => boolean;
  /** Errors with which the library replaces falsy values. */
  readonly replacements?: Partial<Record<PlaceName, ThrownText>>;
  /** Values on which the library itself fails with another error, also without the preload. */
  readonly breaking?: readonly string[];
}

/** A value, thrown in a place. */
export interface ThrownAt {
  readonly place: PlaceName;
  readonly value: ThrownValue;
}

export type ThrownText = Omit<ThrownValue, "name">;

/** A program that throws what its clients ask for. */
export interface SourceApp {
  /** Starts it, preloaded if there is a receiver. */
  start(receiver: Receiver | undefined): Program | Promise<Program>;
  /** Returns the port that it prints; default: `port` and its number. */
  portIn?(stdout: string): string | undefined;
  connect(port: number): SourceClient;
  pathOf(place: PlaceName, value: string): string;
  /** Whether a client gets no response, so that it disconnects once the value is thrown. */
  isUnanswered?(place: PlaceName, reporter: Reporter): boolean;
}
