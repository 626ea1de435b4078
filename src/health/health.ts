import type { Config } from "../config/config.ts";
import type { TelemetryCounters } from "../diagnostics/telemetry-counters.ts";
import { eventLoopCheck } from "./event-loop.ts";
import { exporterChecks } from "./exporters.ts";
import type { HealthStatus, CheckResult, HealthCheck } from "./check.ts";

export interface HealthReport {
  readonly status: HealthStatus;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface Health {
  /** Adds a check, or replaces the one of the same name; returns what removes it. */
  register(check: HealthCheck): () => void;
  /** From now on the process is not ready: it was told to end. */
  startDraining(): void;
  /** Is the process worth keeping? That it answers is the proof: no check can make this fail. */
  live(): HealthReport;
  /** May it get traffic? No, if a check fails or the process was told to end. */
  ready(): Promise<HealthReport>;
  /** The same, with our own state beside the app's checks. */
  all(): Promise<HealthReport>;
}

export interface HealthDeps {
  readonly config: Config;
  readonly counters: TelemetryCounters;
}

/** The registry, with the checks that are ours. */
export function createHealth({ config, counters }: HealthDeps): Health {
  return new HealthRegistry([eventLoopCheck(), ...exporterChecks(config, counters)]);
}

const DEFAULT_TIMEOUT_MS = 1000;

/** An outcome that is not older than this is good for the next probe: checks may ask a database. */
const RESULT_TTL_MS = 100;

class HealthRegistry implements Health {
  /** What we know about ourselves can be worth a warning, but must not take the app's traffic away. */
  readonly #own: readonly HealthCheck[];
  readonly #checks = new Map<string, HealthCheck>();
  /** Probes that overlap, or come one right after the other, share one run. */
  #running: Promise<Record<string, CheckResult>> | undefined = undefined;
  #draining = false;

  constructor(own: readonly HealthCheck[]) {
    this.#own = own;
  }

  register(check: HealthCheck): () => void {
    this.#checks.set(check.name, check);
    this.#running = undefined;
    return () => {
      if (this.#checks.get(check.name) !== check) return;
      this.#checks.delete(check.name);
      this.#running = undefined;
    };
  }

  startDraining(): void {
    this.#draining = true;
  }

  live(): HealthReport {
    return { status: "pass", checks: {} };
  }

  async ready(): Promise<HealthReport> {
    return reportOf({ ...this.#shutdownCheck(), ...(await this.#runChecks()) });
  }

  async all(): Promise<HealthReport> {
    const [own, checks] = await Promise.all([runAll(this.#own), this.#runChecks()]);
    return reportOf({ ...own, ...this.#shutdownCheck(), ...checks });
  }

  #shutdownCheck(): Record<string, CheckResult> {
    return this.#draining
      ? { shutdown: { status: "fail", detail: { reason: "the process was told to end" } } }
      : {};
  }

  #runChecks(): Promise<Record<string, CheckResult>> {
    this.#running ??= this.#run();
    return this.#running;
  }

  #run(): Promise<Record<string, CheckResult>> {
    const run = runAll(this.#checks.values());
    const clearCached = (): void => {
      if (this.#running === run) this.#running = undefined;
    };
    void run.then(() => setTimeout(clearCached, RESULT_TTL_MS).unref());
    return run;
  }
}

async function runAll(checks: Iterable<HealthCheck>): Promise<Record<string, CheckResult>> {
  const results = await Promise.all(
    Array.from(checks, async (check) => [check.name, await runCheck(check)] as const),
  );
  return Object.fromEntries(results);
}

/** Never rejects. */
async function runCheck(check: HealthCheck): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const limitMs = check.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const limit = new Promise<CheckResult>((resolve) => {
    const timedOut: CheckResult = {
      status: "fail",
      detail: { error: `no answer within ${limitMs} ms` },
    };
    timer = setTimeout(() => resolve(timedOut), limitMs).unref();
  });
  try {
    return await Promise.race([check.run(), limit]);
  } catch (error) {
    return { status: "fail", detail: { error: messageOf(error) } };
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return "unknown";
  }
}

function reportOf(checks: Readonly<Record<string, CheckResult>>): HealthReport {
  const statuses = new Set(Object.values(checks).map((check) => check?.status));
  const worst = (["fail", "warn"] as const).find((status) => statuses.has(status));
  return { status: worst ?? "pass", checks };
}
