import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { ExportFailure } from "./connection/export-connection.ts";
import { MAX_PAUSE_MS } from "./connection/retry.ts";
import type { RequestedPause } from "./connection/deadline-transport.ts";

/** The items that a failed export has dropped, and the pause that follows. */
export interface ExportLoss {
  /** Items, in the plural: "spans". */
  readonly items: string;
  /** Number of dropped items; 0 if they move to another peer. */
  readonly count: number;
  readonly requestedPause?: RequestedPause | undefined;
}

/**
 * Logs one line when exports to a peer start to fail, and one when they succeed
 * again, with the number of lost items, however many signals are exported there.
 * Signals that fail for another reason have their own line.
 */
export class ExporterLog {
  readonly #diagnostics: Diagnostics;
  readonly #host: string;
  readonly #address: string;
  readonly #ongoing: Set<OngoingFailure>;
  readonly #consequence: string;

  /** @param hasFailover items that this peer does not accept move to another. */
  constructor(url: string, diagnostics: Diagnostics, hasFailover = false) {
    this.#consequence = hasFailover
      ? "the other gateways get them until it works"
      : "dropped and counted until it works";
    // Without user and query: they may be secret.
    const { protocol, host, pathname } = new URL(url);
    this.#diagnostics = diagnostics;
    this.#host = `${protocol}//${host}`;
    this.#address = `${this.#host}${safePath(pathname)}`;
    this.#ongoing = sharedFailures(diagnostics, this.#host);
  }

  failed(failure: ExportFailure, { items, count, requestedPause }: ExportLoss): void {
    const pause = pauseText(requestedPause);
    const known = this.#findOngoing(failure, items);
    const ongoing = known ?? createOngoingFailure(failure);
    this.#ongoing.add(ongoing);
    ongoing.lost.set(items, (ongoing.lost.get(items) ?? 0) + count);
    ongoing.failingSignals.add(items);
    ongoing.recoveredSince = undefined;
    if (known === undefined || (pause !== "" && !ongoing.isPauseLogged)) {
      this.#logFailure(failure, items, pause);
    }
    ongoing.isPauseLogged ||= pause !== "";
  }

  /** Logs that the peer accepts a payload in parts which it has refused as a whole. */
  divided({ reason }: ExportFailure, items: string, count: number): void {
    this.#diagnostics.warn(
      `export size ${this.#host} ${items}`,
      `${count} ${items} are too many for one request to ${this.#address}: ${reason} (sent in smaller requests)`,
    );
  }

  recovered(items: string): void {
    for (const ongoing of this.#ongoing) {
      if (!ongoing.lost.has(items)) continue;
      ongoing.failingSignals.delete(items);
      ongoing.recoveredSince ??= performance.now();
      const isOver =
        ongoing.failingSignals.size === 0 ||
        performance.now() - ongoing.recoveredSince > MAX_INACTIVE_MS;
      if (isOver) this.#logRecovery(ongoing);
    }
  }

  warn(text: string, items: string): void {
    this.#diagnostics.warn(
      `export warning ${this.#address}`,
      `${items} sent to ${this.#address}, but ${text}`,
    );
  }

  /** Finds the failure of this signal, or that of others for the same reason. */
  #findOngoing(failure: ExportFailure, items: string): OngoingFailure | undefined {
    const all = [...this.#ongoing];
    const isSame = ({ source, reason }: ExportFailure): boolean =>
      source === failure.source && (source === "network" || reason === failure.reason);
    return all.find(({ lost }) => lost.has(items)) ?? all.find(({ failure: of }) => isSame(of));
  }

  #logFailure({ source, reason }: ExportFailure, items: string, pause: string): void {
    const place = source === "network" ? this.#host : this.#address;
    this.#diagnostics.error(
      `export ${this.#host} ${reason}${pause === "" ? "" : " pause"}`,
      `cannot send ${items} to ${place}: ${reason}${pause} (${this.#consequence})`,
    );
  }

  #logRecovery(ongoing: OngoingFailure): void {
    this.#ongoing.delete(ongoing);
    const names = joinWords([...ongoing.lost.keys()]);
    const lost = [...ongoing.lost].filter(([, count]) => count > 0);
    const losses = joinWords(lost.map(([items, count]) => `${count} ${items}`));
    this.#diagnostics.info(
      `export again ${this.#host} ${ongoing.failure.reason}`,
      `sending ${names} to ${this.#host} works again${losses === "" ? "" : `; lost: ${losses}`}`,
    );
  }
}

/** The reason why exports of some signals fail, until they succeed. */
interface OngoingFailure {
  readonly failure: ExportFailure;
  /** Number of lost items, by signal. */
  readonly lost: Map<string, number>;
  /** Signals whose latest export failed. */
  readonly failingSignals: Set<string>;
  /** When the first signal recovered, in the milliseconds of `performance.now()`. */
  recoveredSince: number | undefined;
  isPauseLogged: boolean;
}

function createOngoingFailure(failure: ExportFailure): OngoingFailure {
  return {
    failure,
    lost: new Map(),
    failingSignals: new Set(),
    recoveredSince: undefined,
    isPauseLogged: false,
  };
}

/** How long after the first recovery the line waits for signals that export nothing. */
const MAX_INACTIVE_MS = 30_000;

/** The ongoing failures by host, which all signals share. */
const ongoingByHost = new WeakMap<Diagnostics, Map<string, Set<OngoingFailure>>>();

function sharedFailures(diagnostics: Diagnostics, host: string): Set<OngoingFailure> {
  const hosts = ongoingByHost.get(diagnostics) ?? new Map<string, Set<OngoingFailure>>();
  ongoingByHost.set(diagnostics, hosts);
  const ongoing = hosts.get(host) ?? new Set();
  hosts.set(host, ongoing);
  return ongoing;
}

/** Describes the pause; empty if it is not longer than the back-off. */
function pauseText(pause: RequestedPause | undefined): string {
  if (pause === undefined || pause.requestedMs < 1000) return "";
  const until = new Date(Date.now() + pause.appliedMs).toISOString().replace(/\.\d+/, "");
  const limitNote =
    pause.requestedMs > MAX_PAUSE_MS ? ` (no pause is longer than ${MAX_PAUSE_MS / 1000} s)` : "";
  return ` and asked for a pause of ${Math.round(pause.requestedMs / 1000)} s; nothing is sent there until ${until}${limitNote}`;
}

/** Joins words as in "spans, log records and data points". */
function joinWords(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

/** Masks a path except for the part that OTLP defines, since it may contain a key. */
function safePath(path: string): string {
  const end = /\/v1\/(traces|logs|metrics)$/.exec(path)?.[0] ?? "";
  return end === path || path === "/" ? end : `/***${end}`;
}
