import type { OpsOptions } from "../../options/ops-options.ts";
import type { Matcher } from "../../prometheus/promql.ts";
import { rateBy } from "../../prometheus/rate-queries.ts";
import type { Dashboard, Panel, Row } from "../dashboard.ts";
import { line, lineWithTraces, partOf, percentile } from "../queries.ts";
import { selected, zeroWhere } from "../selection.ts";
import { serviceVariables } from "../variables.ts";

const REQUESTS = "telltale_cache_requests_total";
const CALLS = "db_client_operation_duration_seconds";
const byCache = ["job", "telltale_cache_name"];
const CACHE = "{{job}} {{telltale_cache_name}}";
const HIT: Matcher = ["telltale_cache_result", "=", "hit"];
const STORE: Matcher = ["db_system_name", "=~", "redis|memcached"];

const noCache: Pick<Panel, "silent"> = {
  silent: { reason: "The service watches no cache (watchCache), or none was asked." },
};
const noStore: Pick<Panel, "silent"> = {
  silent: { reason: "The service uses neither Redis nor Memcached." },
};

/** Hits and misses of caches, and the calls to their stores. */
export function cacheDashboard(options: OpsOptions): Dashboard {
  return {
    name: "caches",
    title: "Caches",
    description: "Hits and misses of caches, and the calls to Redis and Memcached.",
    variables: serviceVariables(options),
    rows: [cacheRow, storeRow],
  };
}

/** 0 as long as no look-up was in the cache. */
function hits(): string {
  const all = rateBy(byCache, REQUESTS, selected);
  return partOf(`(\n${zeroWhere(rateBy(byCache, REQUESTS, selected, HIT), all)}\n)`, all);
}

const cacheRow: Row = {
  title: "Caches",
  panels: [
    {
      title: "Hits",
      description: "The part of the look-ups that was in the cache.",
      view: "timeseries",
      unit: "ratio",
      width: 12,
      ...noCache,
      queries: [line(hits(), CACHE)],
    },
    {
      title: "Look-ups by result",
      description: "Hits and misses per second.",
      view: "timeseries",
      unit: "events per second",
      isStacked: true,
      width: 12,
      ...noCache,
      queries: [
        line(
          rateBy([...byCache, "telltale_cache_result"], REQUESTS, selected),
          `${CACHE} {{telltale_cache_result}}`,
        ),
      ],
    },
  ],
};

const COMMAND = "{{db_system_name}} {{db_operation_name}}";
const byCommand = ["db_system_name", "db_operation_name"];
const byServer = ["job", "server_address", "server_port"];

const storeRow: Row = {
  title: "Stores",
  panels: [
    {
      title: "Commands",
      description: "Commands per second, as the services see them.",
      view: "timeseries",
      unit: "events per second",
      ...noStore,
      queries: [line(rateBy(byCommand, `${CALLS}_count`, selected, STORE), COMMAND)],
    },
    {
      title: "Duration of commands, p95",
      description: "95% of the commands take less. The points are example traces.",
      view: "timeseries",
      unit: "seconds",
      ...noStore,
      queries: [lineWithTraces(percentile(0.95, byCommand, CALLS, selected, STORE), COMMAND)],
    },
    {
      title: "Duration by server, p95",
      description: "95% of the commands to a server take less.",
      view: "timeseries",
      unit: "seconds",
      ...noStore,
      queries: [
        line(
          percentile(0.95, byServer, CALLS, selected, STORE),
          "{{job}} to {{server_address}}:{{server_port}}",
        ),
      ],
    },
  ],
};
