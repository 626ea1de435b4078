import type { CacheWarmer, CacheWarmerOptions } from "../api.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { excerpt } from "../diagnostics/escape-control-characters.ts";

/** A warmer whose name and options are usable. */
export interface ValidWarmer {
  readonly name: string;
  readonly warm: CacheWarmer;
  readonly onStart: boolean;
  readonly beforeReady: boolean;
  /** Undefined: it does not run by schedule. */
  readonly everyMs: number | undefined;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const MIN_EVERY_MS = 1000;

/** The longest time of Node's timers, less the random part of a schedule. */
const MAX_MS = 1_900_000_000;

/** A name is an argument of a command, and a metric attribute. */
const NAME = /^[A-Za-z0-9._:/-]{1,100}$/;

/**
 * Reads the arguments of `registerCacheWarmer`. Reports what is unusable.
 *
 * @returns undefined without a usable name or function.
 */
export function readWarmer(
  name: unknown,
  warm: unknown,
  options: unknown,
  diagnostics: Diagnostics,
): ValidWarmer | undefined {
  if (typeof name !== "string" || !NAME.test(name)) {
    new OptionReader("", undefined, diagnostics).report(
      `the name ${received(name)}`,
      NAME_RULE,
      "there is no such warmer",
    );
    return undefined;
  }
  const reader = new OptionReader(name, options, diagnostics);
  if (typeof warm !== "function") {
    reader.report(received(warm), "a function", "there is no such warmer");
    return undefined;
  }
  const onStart = reader.flag("onStart", true);
  return {
    name,
    warm: warm as CacheWarmer,
    onStart,
    beforeReady: reader.beforeReady(onStart),
    everyMs: reader.milliseconds("every", MIN_EVERY_MS, undefined),
    timeoutMs: reader.milliseconds("timeout", 1, DEFAULT_TIMEOUT_MS) ?? DEFAULT_TIMEOUT_MS,
  };
}

const NAME_RULE = "1 to 100 characters of A-Z a-z 0-9 . _ : / -";

class OptionReader {
  readonly #name: string;
  readonly #options: CacheWarmerOptions;
  readonly #diagnostics: Diagnostics;

  constructor(name: string, options: unknown, diagnostics: Diagnostics) {
    this.#name = name;
    this.#diagnostics = diagnostics;
    if (options === undefined) this.#options = {};
    else if (typeof options === "object" && options !== null) this.#options = options;
    else {
      this.#options = {};
      this.report(`options ${received(options)}`, "an object", "the defaults are used");
    }
  }

  flag(option: "onStart" | "beforeReady", fallback: boolean): boolean {
    const value: unknown = this.#options[option];
    if (value === undefined || typeof value === "boolean") return value ?? fallback;
    this.report(`${option} ${received(value)}`, "a boolean", `${fallback} is used`);
    return fallback;
  }

  beforeReady(onStart: boolean): boolean {
    const isAsked = this.flag("beforeReady", false);
    if (isAsked && !onStart) {
      this.report("beforeReady without onStart", "both", "readiness does not wait");
    }
    return isAsked && onStart;
  }

  milliseconds(
    option: "every" | "timeout",
    min: number,
    fallback: number | undefined,
  ): number | undefined {
    const value: unknown = this.#options[option];
    if (value === undefined) return fallback;
    if (typeof value === "number" && value >= min && value <= MAX_MS) return value;
    const used = fallback === undefined ? "there is no schedule" : `${fallback} is used`;
    this.report(`${option} ${received(value)}`, `milliseconds from ${min} to ${MAX_MS}`, used);
    return fallback;
  }

  report(received: string, expected: string, used: string): void {
    const name = this.#name;
    this.#diagnostics.warn(
      `registerCacheWarmer ${name} ${expected}`,
      `registerCacheWarmer received ${received}${name === "" ? "" : ` (${name})`}, expected ${expected}; ${used}`,
    );
  }
}

/** Describes a value without reading its properties, which may throw. */
function received(value: unknown): string {
  if (typeof value === "string") return `"${excerpt(value, 100)}"`;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return value === null || value === undefined ? String(value) : `a value of type ${typeof value}`;
}
