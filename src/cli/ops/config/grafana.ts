import {
  defaultGrafanaOptions as defaults,
  type GrafanaOptions,
} from "../../../ops/options/grafana-options.ts";
import type { YamlMap } from "../../../yaml/yaml-map.ts";
import { INTERVAL, URL } from "./text-rules.ts";

/** Reads `grafana`. */
export function readGrafanaOptions(section: YamlMap | undefined): GrafanaOptions {
  if (section === undefined) return defaults;
  const address = (key: string): string | undefined => section.text(key, URL)?.replace(/\/$/, "");
  const options: GrafanaOptions = {
    interval: section.text("interval", INTERVAL) ?? defaults.interval,
    prometheus: address("prometheus") ?? defaults.prometheus,
    logs: oneStore(section, ["loki", "victorialogs"], defaults.logs),
    traces: oneStore(section, ["jaeger", "tempo"], defaults.traces),
  };
  section.end();
  return options;
}

/** Reads the address of one of two stores, by its key. */
function oneStore<Store extends string>(
  section: YamlMap,
  stores: readonly [Store, Store],
  fallback: { readonly store: Store; readonly url: string },
): { readonly store: Store; readonly url: string } {
  const [found, second] = stores.flatMap((store) => {
    const url = section.text(store, URL);
    return url === undefined ? [] : [{ store, url: url.replace(/\/$/, "") }];
  });
  if (second !== undefined)
    section.problem(second.store, `expected ${stores.join(" or ")}, not both`);
  return found ?? fallback;
}
