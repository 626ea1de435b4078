import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Failure } from "./channel.ts";
import { LONGEST_PAUSE_MS } from "./retry.ts";
import type { Hold } from "./transport.ts";

/** What an export lost, and until when there is none. */
export interface Loss {
  /** Items, in the plural: "spans". */
  readonly what: string;
  /** 0: they go to another peer. */
  readonly count: number;
  readonly hold?: Hold | undefined;
}

/**
 * One line when a peer stops taking what we send, and one when it takes it again,
 * with what was lost, whatever happens in between and however many signals go
 * there. Signals that fail for another reason have a line of their own.
 */
export class Outage {
  readonly #diagnostics: Diagnostics;
  readonly #host: string;
  readonly #address: string;
  readonly #troubles: Set<Trouble>;
  readonly #consequence: string;

  /** @param isOneOfSeveral what it doesn't take goes to another. */
  constructor(url: string, diagnostics: Diagnostics, isOneOfSeveral = false) {
    this.#consequence = isOneOfSeveral
      ? "the other gateways get them until it works"
      : "dropped and counted until it works";
    // Neither user nor query: they may be secret.
    const { protocol, host, pathname } = new URL(url);
    this.#diagnostics = diagnostics;
    this.#host = `${protocol}//${host}`;
    this.#address = `${this.#host}${shownPath(pathname)}`;
    this.#troubles = shared(diagnostics, this.#host);
  }

  failed(failure: Failure, { what, count, hold }: Loss): void {
    const pause = pauseIn(hold);
    const known = this.#troubleOf(failure, what);
    const trouble = known ?? troubleFor(failure);
    this.#troubles.add(trouble);
    trouble.lost.set(what, (trouble.lost.get(what) ?? 0) + count);
    trouble.down.add(what);
    trouble.wellSince = undefined;
    if (known === undefined || (pause !== "" && !trouble.isPauseSaid)) {
      this.#begin(failure, what, pause);
    }
    trouble.isPauseSaid ||= pause !== "";
  }

  worked(what: string): void {
    for (const trouble of this.#troubles) {
      if (!trouble.lost.has(what)) continue;
      trouble.down.delete(what);
      trouble.wellSince ??= performance.now();
      const isOver = trouble.down.size === 0 || performance.now() - trouble.wellSince > SILENCE_MS;
      if (isOver) this.#end(trouble);
    }
  }

  remark(text: string, what: string): void {
    this.#diagnostics.warn(
      `export remark ${this.#address}`,
      `${what} sent to ${this.#address}, but ${text}`,
    );
  }

  /** The one that the signal has already, or that others have for the same reason. */
  #troubleOf(failure: Failure, what: string): Trouble | undefined {
    const all = [...this.#troubles];
    const isSame = ({ by, reason }: Failure): boolean =>
      by === failure.by && (by === "network" || reason === failure.reason);
    return all.find(({ lost }) => lost.has(what)) ?? all.find(({ failure: of }) => isSame(of));
  }

  #begin({ by, reason }: Failure, what: string, pause: string): void {
    const place = by === "network" ? this.#host : this.#address;
    this.#diagnostics.error(
      `export ${this.#host} ${reason}${pause === "" ? "" : " pause"}`,
      `cannot send ${what} to ${place}: ${reason}${pause} (${this.#consequence})`,
    );
  }

  #end(trouble: Trouble): void {
    this.#troubles.delete(trouble);
    const names = listOf([...trouble.lost.keys()]);
    const lost = [...trouble.lost].filter(([, count]) => count > 0);
    const losses = listOf(lost.map(([what, count]) => `${count} ${what}`));
    this.#diagnostics.info(
      `export again ${this.#host} ${trouble.failure.reason}`,
      `sending ${names} to ${this.#host} works again${losses === "" ? "" : `; lost: ${losses}`}`,
    );
  }
}

/** Why some signals don't arrive, until they do. */
interface Trouble {
  readonly failure: Failure;
  /** What was lost so far, by signal. */
  readonly lost: Map<string, number>;
  /** Signals whose latest export failed. */
  readonly down: Set<string>;
  /** When the first of them worked again, in the milliseconds of `performance.now()`. */
  wellSince: number | undefined;
  isPauseSaid: boolean;
}

function troubleFor(failure: Failure): Trouble {
  return { failure, lost: new Map(), down: new Set(), wellSince: undefined, isPauseSaid: false };
}

/** A signal that sends nothing for this long after others work again holds up the line no longer. */
const SILENCE_MS = 30_000;

/** Signals that go to one host share what was said about it. */
const known = new WeakMap<Diagnostics, Map<string, Set<Trouble>>>();

function shared(diagnostics: Diagnostics, host: string): Set<Trouble> {
  const hosts = known.get(diagnostics) ?? new Map<string, Set<Trouble>>();
  known.set(diagnostics, hosts);
  const troubles = hosts.get(host) ?? new Set();
  hosts.set(host, troubles);
  return troubles;
}

/** Nothing, where the pause is not longer than our own back-off. */
function pauseIn(hold: Hold | undefined): string {
  if (hold === undefined || hold.askedMs < 1000) return "";
  const until = new Date(Date.now() + hold.ms).toISOString().replace(/\.\d+/, "");
  const longest =
    hold.askedMs > LONGEST_PAUSE_MS
      ? ` (no pause is longer than ${LONGEST_PAUSE_MS / 1000} s)`
      : "";
  return ` and asked for a pause of ${Math.round(hold.askedMs / 1000)} s; nothing is sent there until ${until}${longest}`;
}

/** "spans, log records and data points". */
function listOf(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

/** A path may hold a key; only what OTLP itself defines is shown. */
function shownPath(path: string): string {
  const end = /\/v1\/(traces|logs|metrics)$/.exec(path)?.[0] ?? "";
  return end === path || path === "/" ? end : `/***${end}`;
}
