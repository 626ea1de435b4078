import { waitAtMost } from "../../bounded-wait.ts";
import { runSuppressed } from "../../context/manager.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { describeValue } from "../instruments.ts";
import { parseRegistryMetric, type RegistryMetric } from "./registry-metric.ts";

/** The part of a registry of `prom-client` that is used. */
export interface Registry {
  getMetricsAsArray(): readonly unknown[];
  /** Labels of all its metrics. */
  readonly _defaultLabels?: Readonly<Record<string, unknown>>;
}

/** How long the `collect` callbacks of all metrics may take. */
const COLLECT_TIMEOUT_MS = 2000;

/** Registries that are created for each request are removed once they are garbage. */
const MAX_REFERENCES = 100;

/** The registries of the app, whose metrics are on the Prometheus page too. */
export class Registries {
  readonly #diagnostics: Diagnostics;
  readonly #known = new WeakSet<Registry>();
  readonly #collecting = new WeakSet<object>();
  readonly #reported = new Set<string>();
  #references: WeakRef<Registry>[] = [];

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
  }

  /** Adds a registry, which is not kept alive by this. */
  add(registry: Registry): void {
    if (this.#known.has(registry)) return;
    this.#known.add(registry);
    if (this.#references.length >= MAX_REFERENCES)
      this.#references = this.#references.filter((reference) => reference.deref() !== undefined);
    this.#references.push(new WeakRef(registry));
  }

  /** Returns the metrics of all registries, each once. Those that fail are reported and left out. Never rejects. */
  async collect(): Promise<RegistryMetric[]> {
    const seen = new Set<unknown>();
    const pending: Promise<RegistryMetric | undefined>[] = [];
    for (const registry of this.#references.map((reference) => reference.deref())) {
      for (const metric of this.#metricsOf(registry)) {
        if (seen.has(metric)) continue;
        seen.add(metric);
        pending.push(this.#collectMetric(metric, registry?._defaultLabels));
      }
    }
    const metrics = await Promise.all(pending);
    return metrics.filter((metric) => metric !== undefined);
  }

  #metricsOf(registry: Registry | undefined): readonly AppMetric[] {
    try {
      return registry?.getMetricsAsArray().filter(isAppMetric) ?? [];
    } catch (error) {
      this.#report("a registry", `can't be read (${describeValue(error)})`);
      return [];
    }
  }

  async #collectMetric(
    metric: AppMetric,
    defaultLabels: unknown,
  ): Promise<RegistryMetric | undefined> {
    // A call that has not ended: the metric has been reported.
    if (this.#collecting.has(metric)) return undefined;
    this.#collecting.add(metric);
    let result: RegistryMetric | string | undefined;
    const collected = readMetric(metric, defaultLabels).then((value) => {
      this.#collecting.delete(metric);
      result = value;
    });
    await waitAtMost(collected, COLLECT_TIMEOUT_MS);
    result ??= `its collect() took longer than ${COLLECT_TIMEOUT_MS} ms`;
    if (typeof result !== "string") return result;
    this.#report(nameOf(metric), result);
    return undefined;
  }

  /** Logs a problem of a metric once. */
  #report(name: string, why: string): void {
    if (this.#reported.has(name) || this.#reported.size >= MAX_REFERENCES) return;
    this.#reported.add(name);
    this.#diagnostics.warn(
      `registry ${name}`,
      `metric "${name}" of prom-client is left out of the Prometheus page: ${why}`,
    );
  }
}

/** Returns the values of a metric, or why there are none. Never rejects. */
async function readMetric(
  metric: AppMetric,
  defaultLabels: unknown,
): Promise<RegistryMetric | string> {
  try {
    // A callback that queries a database runs because of telltale: it is not the app's traffic.
    return parseRegistryMetric(await runSuppressed(() => metric.get()), defaultLabels);
  } catch (error) {
    return `its collect() failed (${describeValue(error)})`;
  }
}

interface AppMetric {
  get(): unknown;
}

/** Checks for a metric that the app has created; sums over a cluster have no registries. */
function isAppMetric(metric: unknown): metric is AppMetric {
  const { get, registers } = metric as { readonly get?: unknown; readonly registers?: unknown };
  return typeof get === "function" && Array.isArray(registers);
}

function nameOf(metric: unknown): string {
  const { name } = metric as { readonly name?: unknown };
  return typeof name === "string" ? name : describeValue(name);
}
