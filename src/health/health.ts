import type { HealthCheck, HealthCheckResult, HealthStatus } from "../api.ts";
import type { Config } from "../config/config.ts";
import type { TelemetryCounters } from "../diagnostics/telemetry-counters.ts";
import { eventLoopCheck } from "./event-loop.ts";
import { exporterChecks } from "./exporters.ts";

export interface HealthReport {
  readonly status: HealthStatus;
  readonly checks: Readonly<Record<string, HealthCheckResult>>;
}

export interface Health {
  /** Adds a readiness check, or replaces the one of the same name. Returns a function that removes it. */
  register(check: HealthCheck): () => void;
  /** Makes the process not ready, because it is shutting down. */
  startDraining(): void;
  /** Reports liveness. A response is the proof, so no check can make it fail. */
  live(): HealthReport;
  /** Reports readiness: it fails if a check fails or the process is shutting down. */
  ready(): Promise<HealthReport>;
  /** Reports readiness together with telltale's own checks. */
  all(): Promise<HealthReport>;
}

export interface HealthDeps {
  readonly config: Config;
  readonly counters: TelemetryCounters;
}

/** Creates the registry, with telltale's own checks. */
export function createHealth({ config, counters }: HealthDeps): Health {
  return new HealthRegistry([eventLoopCheck(), ...exporterChecks(config, counters)]);
}

const DEFAULT_TIMEOUT_MS = 1000;

/** Time for which a result is reused for later probes: a check may query a database. */
const RESULT_TTL_MS = 100;

class HealthRegistry implements Health {
  /** May warn, but must not make the process unready. */
  readonly #own: readonly HealthCheck[];
  readonly #checks = new Map<string, HealthCheck>();
  /** Shared by probes that overlap or follow each other closely. */
  #running: Promise<Record<string, HealthCheckResult>> | undefined = undefined;
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

  #shutdownCheck(): Record<string, HealthCheckResult> {
    return this.#draining
      ? { shutdown: { status: "fail", detail: { reason: "the process is shutting down" } } }
      : {};
  }

  #runChecks(): Promise<Record<string, HealthCheckResult>> {
    this.#running ??= this.#run();
    return this.#running;
  }

  #run(): Promise<Record<string, HealthCheckResult>> {
    const run = runAll(this.#checks.values());
    const clearCached = (): void => {
      if (this.#running === run) this.#running = undefined;
    };
    void run.then(() => setTimeout(clearCached, RESULT_TTL_MS).unref());
    return run;
  }
}

async function runAll(checks: Iterable<HealthCheck>): Promise<Record<string, HealthCheckResult>> {
  const results = await Promise.all(
    Array.from(checks, async (check) => [check.name, await runCheck(check)] as const),
  );
  return Object.fromEntries(results);
}

/** Never rejects. */
async function runCheck(check: HealthCheck): Promise<HealthCheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const limitMs = check.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const limit = new Promise<HealthCheckResult>((resolve) => {
    const timedOut: HealthCheckResult = {
      status: "fail",
      detail: { error: `timed out after ${limitMs} ms` },
    };
    timer = setTimeout(() => resolve(timedOut), limitMs).unref();
  });
  try {
    return toResult(await Promise.race([check.run(), limit]));
  } catch (error) {
    return { status: "fail", detail: { error: messageOf(error) } };
  } finally {
    clearTimeout(timer);
  }
}

/** @throws if an app's check returns something that is not a result, or can't be written as JSON. */
function toResult(value: unknown): HealthCheckResult {
  if (value === undefined) return { status: "pass" };
  const { status, detail } = value as HealthCheckResult;
  if (!STATUSES.has(status)) {
    throw new TypeError(`status ${JSON.stringify(status)} received, expected pass, warn or fail`);
  }
  JSON.stringify(detail);
  return detail === undefined ? { status } : { status, detail };
}

const STATUSES: ReadonlySet<HealthStatus> = new Set(["pass", "warn", "fail"]);

function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return "unknown";
  }
}

function reportOf(checks: Readonly<Record<string, HealthCheckResult>>): HealthReport {
  const statuses = new Set(Object.values(checks).map((check) => check.status));
  const worst = (["fail", "warn"] as const).find((status) => statuses.has(status));
  return { status: worst ?? "pass", checks };
}
