import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Failure } from "./channel.ts";

/**
 * One line when a peer stops taking what we send, and one when it takes it again,
 * whatever happens in between and however many signals go there.
 */
export class Outage {
  readonly #diagnostics: Diagnostics;
  readonly #host: string;
  readonly #address: string;
  readonly #down: Set<string>;
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
    this.#down = shared(diagnostics);
  }

  /** @param what the lost items, in the plural: "spans". */
  failed(failure: Failure, what: string): void {
    const place = failure.by === "network" ? this.#host : this.#address;
    if (this.#down.has(place)) return;
    this.#down.add(place);
    this.#diagnostics.error(
      `export ${place}`,
      `cannot send ${what} to ${place}: ${failure.reason} (${this.#consequence})`,
    );
  }

  worked(what: string): void {
    for (const place of [this.#host, this.#address]) {
      if (!this.#down.delete(place)) continue;
      this.#diagnostics.info(`export again ${place}`, `sending ${what} to ${place} works again`);
    }
  }

  remark(text: string, what: string): void {
    this.#diagnostics.warn(
      `export remark ${this.#address}`,
      `${what} sent to ${this.#address}, but ${text}`,
    );
  }
}

/** Signals that go to one host share what was said about it. */
const known = new WeakMap<Diagnostics, Set<string>>();

function shared(diagnostics: Diagnostics): Set<string> {
  const down = known.get(diagnostics) ?? new Set();
  known.set(diagnostics, down);
  return down;
}

/** A path may hold a key; only what OTLP itself defines is shown. */
function shownPath(path: string): string {
  const end = /\/v1\/(traces|logs|metrics)$/.exec(path)?.[0] ?? "";
  return end === path || path === "/" ? end : `/***${end}`;
}
