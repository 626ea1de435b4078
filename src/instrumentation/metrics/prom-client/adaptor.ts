import type { Adaptor } from "../../loading/adaptor.ts";
import { replaceMethod } from "../../loading/replace-method.ts";

/** Shows the metrics of `prom-client` 14 and 15 on the Prometheus page, in whichever registry they are. */
export const adaptor: Adaptor = {
  patch(exports, _file, { metrics }) {
    const { prototype } = exports as { readonly prototype: Registry };
    replaceMethod<Registry, [unknown]>(
      prototype,
      "registerMetric",
      (registerMetric) =>
        function register(this: Registry, metric) {
          const result = Reflect.apply(registerMetric, this, [metric]);
          if (belongsTo(this, metric)) metrics.addRegistry(this);
          return result;
        },
    );
    return exports;
  },
};

/**
 * Whether the app has put a metric into a registry. `Registry.merge` puts those of others into a
 * new one, and `AggregatorRegistry` sums over a cluster, which have no registries.
 */
function belongsTo(registry: Registry, metric: unknown): boolean {
  const { registers } = metric as { readonly registers?: unknown };
  return Array.isArray(registers) && (registers.length === 0 || registers.includes(registry));
}

interface Registry {
  getMetricsAsArray(): readonly unknown[];
}
