import type { HealthCheck } from "../api.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import {
  RegisteredCheck,
  type RegisteredCheckDeps,
  type ValidHealthCheck,
} from "./registered-check.ts";
import type { CheckReports } from "./reports.ts";

/** An app has a few checks. Names that are made of ids are a mistake. */
const MAX_CHECKS = 100;

const DEFAULT_TIMEOUT_MS = 1000;
const DEFAULT_INTERVAL_MS = 5000;
const MIN_INTERVAL_MS = 100;

/** The longest time of Node's timers. */
const MAX_MS = 2 ** 31 - 1;

export interface CheckRegistryDeps extends RegisteredCheckDeps {
  readonly diagnostics: Diagnostics;
}

export function createCheckRegistry(deps: CheckRegistryDeps): CheckRegistry {
  return new CheckRegistry(deps);
}

/** The checks of the app, by name. */
export class CheckRegistry {
  readonly #deps: CheckRegistryDeps;
  readonly #checks = new Map<string, RegisteredCheck>();
  #isStopped = false;

  constructor(deps: CheckRegistryDeps) {
    this.#deps = deps;
  }

  /** Adds a check, or replaces the one of the same name. Returns a function that removes it. */
  register(check: HealthCheck): () => void {
    const valid = this.#validate(check);
    if (valid === undefined) return () => {};
    const { name } = valid;
    this.#checks.get(name)?.stop();
    const registered = new RegisteredCheck(valid, this.#deps);
    this.#checks.set(name, registered);
    if (this.#isStopped) registered.stop();
    return () => {
      registered.stop();
      if (this.#checks.get(name) === registered) this.#checks.delete(name);
    };
  }

  /** No check runs any more: the app closes what they use. */
  stop(): void {
    this.#isStopped = true;
    for (const check of this.#checks.values()) check.stop();
  }

  /** The checks with their last results. */
  checks(): Iterable<RegisteredCheck> {
    return this.#checks.values();
  }

  has(name: string): boolean {
    return this.#checks.has(name);
  }

  /** Whether a critical check has not passed yet. */
  get isStarting(): boolean {
    return [...this.#checks.values()].some(({ critical, hasPassed }) => critical && !hasPassed);
  }

  /** Whether the last result of each critical check is no failure. */
  get isReady(): boolean {
    return [...this.#checks.values()].every(
      ({ critical, last }) => !critical || (last !== undefined && last.status !== "fail"),
    );
  }

  /** Runs the checks whose results are too old, in parallel. Never rejects. */
  async report(isIncluded: (name: string) => boolean): Promise<CheckReports> {
    const included = [...this.#checks.values()].filter(({ name }) => isIncluded(name));
    const results = await Promise.all(
      included
        // A process that ends does not run its checks again.
        .filter(({ last }) => last !== undefined || !this.#isStopped)
        .map(async (check) => [check.name, await check.report()] as const),
    );
    return Object.fromEntries(results);
  }

  #validate(check: HealthCheck): ValidHealthCheck | undefined {
    const { name, critical = true } = check;
    if (typeof name !== "string" || name === "") {
      this.#warn("name", "no usable name", "a non-empty string", "the check is left out");
      return undefined;
    }
    if (this.#checks.size >= MAX_CHECKS && !this.#checks.has(name)) {
      this.#warn(
        "checks",
        "one more name",
        `at most ${MAX_CHECKS} checks`,
        "the check is left out",
      );
      return undefined;
    }
    const label = JSON.stringify(name.slice(0, 100));
    return {
      name,
      critical: this.#boolean(label, critical),
      timeoutMs: this.#time(label, "timeout", check.timeoutMs, 1, DEFAULT_TIMEOUT_MS),
      intervalMs: this.#time(
        label,
        "interval",
        check.intervalMs,
        MIN_INTERVAL_MS,
        DEFAULT_INTERVAL_MS,
      ),
      run: (context) => check.run(context),
    };
  }

  #boolean(label: string, value: unknown): boolean {
    if (typeof value === "boolean") return value;
    this.#warn(
      "critical",
      `critical of type ${typeof value} for ${label}`,
      "a boolean",
      "true is used",
    );
    return true;
  }

  #time(label: string, option: string, value: unknown, min: number, fallback: number): number {
    if (value === undefined) return fallback;
    if (typeof value === "number" && value >= min && value <= MAX_MS) return value;
    const received = typeof value === "number" ? String(value) : `a ${typeof value}`;
    this.#warn(
      option,
      `${option} ${received} for ${label}`,
      `milliseconds of at least ${min}`,
      `${fallback} is used`,
    );
    return fallback;
  }

  /** @param key of the kind of problem; each is logged once a minute */
  #warn(key: string, received: string, expected: string, used: string): void {
    const message = `addHealthCheck received ${received}, expected ${expected}; ${used}`;
    this.#deps.diagnostics.warn(`addHealthCheck ${key}`, message);
  }
}
