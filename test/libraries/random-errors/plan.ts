import { Random } from "../../random.ts";

/*
 * Random units of work: requests, messages and jobs. A unit follows from the seed and its
 * id alone, so the processes that run it and the test that knows its events agree.
 */

export const frameworks = ["express", "fastify", "koa"] as const;

export type Framework = (typeof frameworks)[number];

/** One thing that a unit does. Each may be asynchronous. */
export type Step =
  | { readonly do: "pause"; readonly how: Pause }
  | { readonly do: "user"; readonly user: string }
  | { readonly do: "tag"; readonly key: string; readonly value: string }
  | { readonly do: "capture"; readonly message: string }
  /** Steps in a span of the app. */
  | { readonly do: "span"; readonly steps: readonly Step[] }
  /** Steps in scopes of their own. */
  | { readonly do: "isolate"; readonly how: "scope" | "isolation"; readonly steps: readonly Step[] }
  /** Runs another unit: in a request to another process, as a job, or in a worker thread. */
  | { readonly do: "call"; readonly framework: Framework; readonly id: string }
  | { readonly do: "job" | "thread" | "enqueue"; readonly id: string };

export type Pause = "tick" | "promise" | "immediate" | "timeout" | "emitter";

export interface Unit {
  readonly id: string;
  /** Header of the sampling decision that the caller sends, where that is the test. */
  readonly headers: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  /** The error that it throws at last, and whether it is captured before. */
  readonly failure: { readonly message: string; readonly isCaptured: boolean } | undefined;
  /** Steps after its end, in work that it has started. */
  readonly late: readonly Step[];
}

/** Keys of the tags that units set. */
export const TAG_PREFIX = "unit.";

/** Units that are nested deeper start no others. */
const MAX_DEPTH = 3;

export function unitOf(seed: number, id: string): Unit {
  return new Planner(seed, id).plan();
}

/** Whether the unit at the top is a message and not a request. */
export function isMessage(seed: number, id: string): boolean {
  return randomOf(seed, `kind of ${id}`).chance(0.15);
}

export function frameworkOf(seed: number, id: string): Framework {
  return randomOf(seed, `framework of ${id}`).pick(frameworks);
}

/** Returns a source of choices for one purpose (FNV-1a). */
export function randomOf(seed: number, purpose: string): Random {
  let hash = seed ^ 0x811c9dc5;
  for (const letter of purpose) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return new Random(hash);
}

class Planner {
  readonly #id: string;
  readonly #random: Random;
  readonly #depth: number;
  #messages = 0;
  #units = 0;

  constructor(seed: number, id: string) {
    this.#id = id;
    this.#random = randomOf(seed, id);
    this.#depth = id.split("-").length;
  }

  plan(): Unit {
    const random = this.#random;
    return {
      id: this.#id,
      headers: this.#headers(),
      steps: this.#steps(random.below(6)),
      failure: random.chance(0.15)
        ? { message: this.#message(), isCaptured: random.chance(0.3) }
        : undefined,
      late: random.chance(0.25) ? this.#steps(1 + random.below(3)) : [],
    };
  }

  #headers(): Unit["headers"] {
    const random = this.#random;
    const hex = (digits: number): string =>
      Array.from({ length: digits }, () => (1 + random.below(15)).toString(16)).join("");
    return random.pick<() => Unit["headers"]>([
      () => ({}),
      () => ({}),
      () => ({ traceparent: `00-${hex(32)}-${hex(16)}-00` }),
      () => ({ traceparent: `00-${hex(32)}-${hex(16)}-01` }),
      () => ({ "sentry-trace": `${hex(32)}-${hex(16)}-0` }),
      () => ({ "sentry-trace": `${hex(32)}-${hex(16)}` }),
    ])();
  }

  #steps(count: number, nesting = 0): Step[] {
    return Array.from({ length: count }, () => this.#step(nesting));
  }

  #step(nesting: number): Step {
    const random = this.#random;
    const kind = random.next();
    if (kind < 0.3) return { do: "pause", how: random.pick(pauses) };
    if (kind < 0.45) return { do: "user", user: `user of ${this.#id}, ${random.below(100)}` };
    if (kind < 0.65) {
      const value = `${this.#id}, ${random.below(100)}`;
      return { do: "tag", key: `${TAG_PREFIX}${random.pick(["a", "b", "c"])}`, value };
    }
    if (kind < 0.78) return { do: "capture", message: this.#message() };
    if (kind < 0.9 && nesting < 2) {
      const steps = this.#steps(1 + random.below(3), nesting + 1);
      return random.chance(0.5)
        ? { do: "span", steps }
        : { do: "isolate", how: random.pick(["scope", "isolation"]), steps };
    }
    return this.#depth >= MAX_DEPTH ? { do: "pause", how: "tick" } : this.#otherUnit();
  }

  #otherUnit(): Step {
    const random = this.#random;
    const id = `${this.#id}-${this.#units++}`;
    const kind = random.pick(["call", "call", "job", "thread", "enqueue"] as const);
    return kind === "call"
      ? { do: kind, framework: random.pick(frameworks), id }
      : { do: kind, id };
  }

  /** Returns a distinct text without digits, which Sentry may leave out to group events. */
  #message(): string {
    const name = `${this.#id}.${this.#messages++}`;
    const letters = name.replaceAll(/\d/g, (digit) => "abcdefghij".charAt(Number(digit)));
    return `failure ${letters.replaceAll("-", "x").replaceAll(".", "z")}`;
  }
}

const pauses = ["tick", "promise", "immediate", "timeout", "emitter"] as const;
