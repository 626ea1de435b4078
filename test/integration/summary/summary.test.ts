import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { EndpointMetrics, MetricsSummary } from "../../../src/api.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { parsePage, samplesOf } from "../../metrics/exposition.ts";
import { pollUntil } from "../../until.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const file = fileURLToPath(new URL("shop.mjs", import.meta.url));

/** What the app is asked for: method, path and how often. */
const REQUESTS: readonly (readonly [method: string, path: string, times: number])[] = [
  ["GET", "/items/1?queries=3", 4],
  ["GET", "/items/2?queries=1", 2],
  ["POST", "/items/3?queries=0", 2],
  ["GET", "/cached/known", 3],
  ["GET", "/cached/unknown", 2],
  ["GET", "/limited", 2],
  ["GET", "/fail", 1],
  ["GET", "/nowhere", 1],
];

type Numbers = Omit<EndpointMetrics, "duration" | "queries"> & { readonly queries: number };

const NO_ERRORS = { errors4xx: 0, errors5xx: 0, rateLimitHits: 0, errorRate: 0 };
const NO_LOOKUPS = { hits: 0, misses: 0 };

const ENDPOINTS: readonly Numbers[] = [
  {
    ...NO_ERRORS,
    route: "/items/:id",
    requests: 8,
    requestsByMethod: { GET: 6, POST: 2 },
    queries: 14,
    cache: NO_LOOKUPS,
  },
  {
    ...NO_ERRORS,
    route: "/cached/:key",
    requests: 5,
    requestsByMethod: { GET: 5 },
    errors4xx: 2,
    queries: 0,
    cache: { hits: 3, misses: 2 },
  },
  {
    ...NO_ERRORS,
    route: "/limited",
    requests: 2,
    requestsByMethod: { GET: 2 },
    errors4xx: 2,
    rateLimitHits: 2,
    queries: 0,
    cache: NO_LOOKUPS,
  },
  {
    ...NO_ERRORS,
    route: "/fail",
    requests: 1,
    requestsByMethod: { GET: 1 },
    errors5xx: 1,
    errorRate: 1,
    queries: 0,
    cache: NO_LOOKUPS,
  },
];

const TOTALS = { requests: 17, errors4xx: 5, errors5xx: 1, rateLimitHits: 2, errorRate: 1 / 17 };

/** The summary counts whatever is sampled and exported. */
const SETTINGS: readonly (readonly [title: string, env: Readonly<Record<string, string>>])[] = [
  ["all signals", {}],
  ["traces that are not sampled", { OTEL_TRACES_SAMPLER: "always_off" }],
  ["no traces", { OTEL_TRACES_EXPORTER: "none" }],
  ["no metrics", { OTEL_METRICS_EXPORTER: "none" }],
];

describe("The summary of requests", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());

  for (const shop of ["express", "fastify"]) {
    for (const [title, env] of SETTINGS) {
      it(`has the requests by route, with ${title} and ${shop}`, async () => {
        const adminPort = await freePort();
        const program = new Program({
          file,
          args: [shop],
          flags: preload.import,
          env: {
            ...telemetryEnv(receiver),
            OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
            ...env,
          },
        });
        const found = await program.waitForStdout((stdout) => /"port":(\d+)/.exec(stdout));
        const origin = `http://127.0.0.1:${found[1]}`;
        const admin = `http://127.0.0.1:${adminPort}`;
        await sendAll(origin);
        // A response may arrive before its request has ended in the app.
        const summary = await pollUntil(
          async () => {
            const response = await adminPage(adminPort, "/summary");
            const page = (await response.json()) as MetricsSummary;
            return page.sinceStart.requests >= TOTALS.requests ? page : undefined;
          },
          () => "the summary of all requests",
        );
        assert.deepEqual(summary.sinceStart, TOTALS);
        assert.deepEqual(summary.lastFiveMinutes, TOTALS);
        assert.ok(Date.parse(summary.startedAt) <= Date.now());
        const fromCode = await jsonOf<{ summary: MetricsSummary; endpoints: EndpointMetrics[] }>(
          `${origin}/summary-api`,
        );
        assert.deepEqual(fromCode.endpoints.map(numbersOf), ENDPOINTS);
        const { endpoints } = await jsonOf<{ endpoints: EndpointMetrics[] }>(`${admin}/endpoints`);
        assert.deepEqual(
          endpoints
            .filter(({ route }) => route !== null && route !== "/summary-api")
            .map(numbersOf),
          ENDPOINTS,
        );
        const route = encodeURIComponent("/items/:id");
        const items = await jsonOf<EndpointMetrics>(`${admin}/endpoints?route=${route}`);
        assert.equal(items.queries.mean, 14 / 8);
        const { min, p50, p95, p99, max } = items.duration;
        assert.deepEqual([min, p50, p95, p99, max].toSorted(byValue), [min, p50, p95, p99, max]);
        assert.equal((await fetch(`${admin}/endpoints?route=/nothing`)).status, 404);
        if (env["OTEL_METRICS_EXPORTER"] === undefined) await checkPage(admin);
        program.kill("SIGKILL");
        await program.ended;
      });
    }
  }
});

async function sendAll(origin: string): Promise<void> {
  for (const [method, path, times] of REQUESTS) {
    for (let sent = 0; sent < times; sent++) {
      await (await fetch(origin + path, { method })).arrayBuffer();
    }
  }
}

async function jsonOf<T>(url: string): Promise<T> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  return (await response.json()) as T;
}

function numbersOf({ duration, queries, ...endpoint }: EndpointMetrics): Numbers {
  assert.ok(duration.min > 0 && duration.min <= duration.mean && duration.mean <= duration.max);
  assert.equal(queries.meanDuration > 0, queries.total > 0);
  return { ...endpoint, queries: queries.total };
}

function byValue(a: number, b: number): number {
  return a - b;
}

/** The metric has the requests with queries only, each with the number of its queries. */
async function checkPage(admin: string): Promise<void> {
  const page = parsePage(await (await fetch(`${admin}/metrics`)).text());
  const route = { http_request_method: "GET", http_route: "/items/:id" };
  const [count, ...others] = samplesOf(page, "telltale_request_queries_count");
  assert.deepEqual([{ ...count?.labels }, count?.value, others], [route, 6, []]);
  assert.equal(samplesOf(page, "telltale_request_queries_sum")[0]?.value, 14);
  assert.equal(samplesOf(page, "telltale_request_query_duration_seconds_count")[0]?.value, 6);
}
