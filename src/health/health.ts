import type { Meter } from "@opentelemetry/api";
import type { HealthCheck } from "../api.ts";
import type { Config } from "../config/config.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { TelemetryCounters } from "../diagnostics/telemetry-counters.ts";
import { lazy } from "../lazy.ts";
import type { CheckRegistry, CheckRegistryDeps } from "./check-registry.ts";
import { eventLoopCheck } from "./event-loop.ts";
import { exporterChecks } from "./exporters.ts";
import { observeHealth } from "./health-metrics.ts";
import {
  type CheckReports,
  type HealthReport,
  type OwnCheck,
  type ProcessState,
  reportOf,
} from "./reports.ts";

const loadRegistry = lazy<typeof import("./check-registry.ts")>("health/check-registry.ts");

/** Which checks a report has. Default: all. */
export interface CheckSelection {
  /** The name of the only check. */
  readonly only?: string;
  /** Names of checks that are left out. */
  readonly exclude?: readonly string[];
}

export interface Health {
  /** Adds a readiness check, or replaces the one of the same name. Returns a function that removes it. */
  register(check: HealthCheck): () => void;
  /** Makes the process not ready, because it is shutting down. */
  startDraining(): void;
  /** Calls `listener` when the process starts to shut down. It must not throw. */
  onDraining(listener: () => void): void;
  /** Reports liveness. A response is the proof, so no check can make it fail. */
  live(): HealthReport;
  /** Reports readiness: it fails if a critical check fails or the process is shutting down. */
  ready(selection?: CheckSelection): Promise<HealthReport>;
  /** Reports readiness together with telltale's own checks. */
  all(selection?: CheckSelection): Promise<HealthReport>;
}

export interface HealthDeps {
  readonly config: Config;
  readonly counters: TelemetryCounters;
  readonly diagnostics: Diagnostics;
  /** Removes secrets from results of checks. */
  readonly redactor: { attributes<T extends object>(attributes: T): T };
  /** Has the metrics of readiness and checks. Undefined: there are none, and checks only run for probes. */
  readonly meter?: Meter | undefined;
}

/** Creates the registry, with telltale's own checks. */
export function createHealth(deps: HealthDeps): Health {
  const health = new ProcessHealth(deps);
  if (deps.meter !== undefined) observeHealth(deps.meter, health);
  return health;
}

class ProcessHealth implements Health {
  /** May warn, but must not make the process unready. */
  readonly #own: readonly OwnCheck[];
  readonly #registryDeps: CheckRegistryDeps;
  /** Created with the app's first check. */
  #registry: CheckRegistry | undefined = undefined;
  #draining = false;
  readonly #drainListeners: (() => void)[] = [];

  constructor({ config, counters, diagnostics, redactor, meter }: HealthDeps) {
    this.#own = [eventLoopCheck(), ...exporterChecks(config, counters)];
    this.#registryDeps = {
      diagnostics,
      refreshes: meter !== undefined && config.metrics.exporters.length > 0,
      redact: (detail) => redactor.attributes(detail),
    };
  }

  register(check: HealthCheck): () => void {
    if (this.#registry === undefined) {
      this.#registry = loadRegistry().createCheckRegistry(this.#registryDeps);
      if (this.#draining) this.#registry.stop();
    }
    return this.#registry.register(check);
  }

  startDraining(): void {
    this.#draining = true;
    this.#registry?.stop();
    for (const listener of this.#drainListeners.splice(0)) listener();
  }

  onDraining(listener: () => void): void {
    this.#drainListeners.push(listener);
  }

  /** The registered checks, without running any. */
  checks(): ReturnType<CheckRegistry["checks"]> {
    return this.#registry?.checks() ?? [];
  }

  /** Whether `/readyz` responds with 200, by the last results. */
  get isReady(): boolean {
    return !this.#draining && this.#registry?.isReady !== false;
  }

  live(): HealthReport {
    return reportOf(this.#state, {});
  }

  async ready(selection?: CheckSelection): Promise<HealthReport> {
    const isIncluded = includedBy(selection);
    const checks = await this.#registered(isIncluded);
    return reportOf(this.#state, { ...checks, ...this.#shutdownCheck(isIncluded) });
  }

  async all(selection?: CheckSelection): Promise<HealthReport> {
    const isIncluded = includedBy(selection);
    const [own, checks] = await Promise.all([
      runAll(this.#own.filter(({ name }) => isIncluded(name))),
      this.#registered(isIncluded),
    ]);
    return reportOf(this.#state, { ...own, ...checks, ...this.#shutdownCheck(isIncluded) });
  }

  get #state(): ProcessState {
    if (this.#draining) return "draining";
    return this.#registry?.isStarting === true ? "starting" : "running";
  }

  async #registered(isIncluded: (name: string) => boolean): Promise<CheckReports> {
    return this.#registry === undefined ? {} : this.#registry.report(isIncluded);
  }

  #shutdownCheck(isIncluded: (name: string) => boolean): CheckReports {
    if (!this.#draining || !isIncluded("shutdown")) return {};
    return { shutdown: { status: "fail", detail: { reason: "the process is shutting down" } } };
  }
}

function includedBy({ only, exclude = [] }: CheckSelection = {}): (name: string) => boolean {
  return (name) => (only === undefined || only === name) && !exclude.includes(name);
}

async function runAll(checks: readonly OwnCheck[]): Promise<CheckReports> {
  const results = await Promise.all(
    checks.map(async ({ name, run }) => [name, await run()] as const),
  );
  return Object.fromEntries(results);
}
