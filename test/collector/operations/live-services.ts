import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { start as startShop } from "../../../examples/shop/scenario.ts";
import { freePorts } from "../../libraries/servers/daemon.ts";
import { startRedis } from "../../libraries/servers/redis.ts";
import { preload, Program } from "../../integration/program.ts";

/** Preloaded services under load, until they are stopped. */
export interface LiveServices {
  /** The names of services by host and port of their own page. */
  readonly pages: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

/** Requests to the warehouse, in turn: most of them work, the others are planted faults. */
const VISITS: readonly (readonly [path: string, times: number])[] = [
  ["/items/", 12],
  ["/parcels", 4],
  ["/limited", 2],
  ["/broken", 1],
  ["/charges", 1],
  ["/unreachable", 1],
  ["/login", 1],
  ["/stopped-database", 1],
  ["/blocking", 1],
];
/** Time between two requests, and between two rounds of the shop's: load, but not all of a processor. */
const PAUSE_MS = 40;
const ROUND_PAUSE_MS = 500;

/**
 * Starts the demo shop with its PostgreSQL, a warehouse with Redis and planted faults, and an
 * app with all other metrics, and sends requests to them.
 *
 * @param otlp the URL to which all of them send their telemetry.
 * @param dsn that of Sentry.
 */
export async function startLiveServices(otlp: string, dsn: string): Promise<LiveServices> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  const pages = new Map<string, string>();
  const variablesFor = async (service: string): Promise<Record<string, string>> => {
    const [port] = await freePorts(1);
    pages.set(`127.0.0.1:${port}`, service);
    return { ...variables(service, port!, otlp), SENTRY_DSN: dsn };
  };
  const run = async (
    name: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Program> => {
    const program = new Program({
      file: fileURLToPath(new URL(`../apps/${name}.mjs`, import.meta.url)),
      flags: preload.import,
      env: { ...(await variablesFor(name)), ...more },
    });
    stops.push(async () => {
      program.kill("SIGTERM");
      await program.ended;
    });
    return program;
  };
  try {
    const redis = await startRedis();
    stops.push(() => redis.stop());
    const shop = await startShop({ preload: preload.import, variablesFor, log: () => {} });
    stops.push(() => shop.stop());
    const instruments = await run("instruments", { REPEAT_MS: "1000" });
    const warehouse = await run("warehouse", {
      REDIS_URL: redis.url,
      SHOP_URL: new URL(shop.services[0]!.page!).origin,
    });
    await instruments.waitForStdout((output) => output.includes("open") || undefined);
    const port = await warehouse.waitForStdout((output) => /^port (\d+)$/mu.exec(output)?.[1]);
    const loads = [
      repeat(async () => {
        await shop.sendTraffic();
        await pause(ROUND_PAUSE_MS);
      }),
      repeat(() => visit(`http://127.0.0.1:${port}`)),
      repeat(() => request(`http://127.0.0.1:${port}/slow`)),
    ];
    stops.push(() => Promise.all(loads.map((load) => load.stop())));
    return { pages, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function variables(service: string, port: number, otlp: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    OTEL_SERVICE_NAME: service,
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test,service.version=1.2.3",
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
    OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
    OTEL_METRICS_EXPORTER: "prometheus,otlp",
    OTEL_METRIC_EXPORT_INTERVAL: "2000",
    OTEL_NODE_DISABLED_INSTRUMENTATIONS: "console",
    TELLTALE_FLUSH_TIMEOUT: "60000",
  };
}

interface Load {
  stop(): Promise<void>;
}

/** Repeats work until it is stopped. A request that fails is part of the load. */
function repeat(work: () => Promise<unknown>): Load {
  const end = new AbortController();
  const done = (async () => {
    while (!end.signal.aborted) await work().catch(() => {});
  })();
  return {
    async stop() {
      end.abort();
      await done;
    },
  };
}

async function visit(url: string): Promise<void> {
  for (const [path, times] of VISITS) {
    for (let at = 0; at < times; at++) {
      await request(path === "/items/" ? `${url}/items/${at}` : url + path, path === "/parcels");
      await pause(PAUSE_MS);
    }
  }
}

async function request(url: string, isPost = false): Promise<void> {
  const number = Math.floor(performance.now());
  const body = isPost ? { method: "POST", body: JSON.stringify({ number }) } : {};
  const response = await fetch(url, { ...body, headers: { "content-type": "application/json" } });
  await response.arrayBuffer();
}
