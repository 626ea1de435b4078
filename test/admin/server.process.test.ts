import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { createAdmin } from "../../src/admin/server.ts";
import { createHealth } from "../../src/health/health.ts";
import { parsePage, samplesOf } from "../metrics/exposition.ts";
import { createMetricsPipeline } from "../metrics/metrics-fixture.ts";
import type { MetricsPage } from "../../src/metrics/metrics.ts";
import { freePort } from "../free-port.ts";
import { pollUntilTrue } from "../until.ts";
import { type AppProcess, spawnAppProcess, startAppProcess } from "./child.ts";

const cluster = fileURLToPath(new URL("fixtures/cluster.ts", import.meta.url));

/** Bytes that a client may send, and the first line of the response. Empty: the connection is closed. */
const malformed: readonly (readonly [string, string | Buffer, RegExp])[] = [
  [
    "a target without a host (CVE-2026-44902)",
    "GET http:// HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    /^HTTP\/1.1 (400|404) /,
  ],
  [
    "a target that is not a URL",
    "GET http://[::bad/livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    /^HTTP\/1.1 200 /,
  ],
  [
    "an absolute target",
    "GET http://127.0.0.1/livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    /^HTTP\/1.1 200 /,
  ],
  ["an asterisk", "OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", /^HTTP\/1.1 (404|405) /],
  ["no Host", "GET /livez HTTP/1.1\r\n\r\n", /^HTTP\/1.1 400 /],
  ["HTTP/1.0", "GET /livez HTTP/1.0\r\n\r\n", /^HTTP\/1.1 200 /],
  ["binary garbage", Buffer.from([0, 1, 2, 250, 255, 13, 10, 13, 10]), /^HTTP\/1.1 400 /],
  ["a TLS hello", Buffer.from("16030100a5010000a10303", "hex"), /^HTTP\/1.1 400 /],
  [
    "a header of 100 kB",
    `GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"x".repeat(100_000)}\r\n\r\n`,
    /^(HTTP\/1.1 4\d\d |$)/,
  ],
  [
    "two lengths",
    "POST /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    /^HTTP\/1.1 400 /,
  ],
  ["CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", /^$/],
  [
    "an upgrade",
    "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    /^HTTP\/1.1 200 /,
  ],
  ["percent signs", "GET /%E0%A4%A HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", /^HTTP\/1.1 404 /],
  [
    "the name of a method of objects",
    "GET /constructor HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    /^HTTP\/1.1 404 /,
  ],
  ["nothing", "", /^$/],
];

/** Valid requests: method, path, status and body. */
const requests: readonly (readonly [string, string, number, RegExp])[] = [
  ["GET", "/metrics", 200, /^# HELP target_info/],
  ["GET", "/metrics?name=x", 200, /^# HELP target_info/],
  ["HEAD", "/metrics", 200, /^$/],
  ["POST", "/metrics", 405, /GET and HEAD/],
  ["DELETE", "/healthz", 405, /GET and HEAD/],
  ["GET", "/healthz", 200, /"status": "pass"/],
  ["GET", "/livez", 200, /"status": "pass"/],
  ["GET", "/readyz", 200, /"status": "pass"/],
  ["HEAD", "/readyz", 200, /^$/],
  ["GET", "/", 404, /\/metrics, \/healthz, \/livez, \/readyz, \/summary, \/endpoints/],
  ["GET", "/metrics/", 404, /Not found/],
  ["GET", "/../metrics", 200, /target_info/],
];

describe("The admin server", () => {
  let child: AppProcess;

  before(async () => {
    child = await startAppProcess();
  });

  after(() => child.stop());

  for (const [method, path, status, body] of requests) {
    it(`responds to ${method} ${path} with ${status}`, async () => {
      const response = await fetch(child.url + path, { method });
      assert.equal(response.status, status);
      assert.match(await response.text(), body);
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(response.headers.get("server"), null);
      assert.equal(response.headers.get("x-powered-by"), null);
      assert.equal(response.headers.get("allow"), status === 405 ? "GET, HEAD" : null);
    });
  }

  for (const [title, bytes, expected] of malformed) {
    it(`keeps running after ${title}`, async () => {
      assert.match(await sendRaw(child.port, bytes), expected);
      assert.equal((await fetch(`${child.url}/livez`)).status, 200);
    });
  }

  it("keeps running after connections that are reset in the middle of a page", async () => {
    for (let round = 0; round < 20; round += 1) {
      const socket = connect(child.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
      await once(socket, "ready");
      socket.resetAndDestroy();
    }
    assert.equal((await fetch(`${child.url}/metrics`)).status, 200);
  });

  it("has metrics of the runtime, the process and the telemetry counters", async () => {
    const { types } = parsePage(await pageOf(child, "text/plain"));
    for (const name of expectedFamilies) assert.ok(types.has(name), name);
  });

  it("responds in OpenMetrics if the client accepts it", async () => {
    const response = await fetch(`${child.url}/metrics`, { headers: { accept: prometheusAccept } });
    assert.match(
      response.headers.get("content-type") ?? "",
      /^application\/openmetrics-text; version=1.0.0/,
    );
    parsePage(await response.text(), "openmetrics");
  });

  it("compresses the page if the client accepts gzip", async () => {
    const compressed = await sendRaw(
      child.port,
      "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: deflate, gzip;q=0.5\r\nConnection: close\r\n\r\n",
    );
    assert.match(compressed, /\r\ncontent-encoding: gzip\r\n/);
    const body = Buffer.from(compressed.slice(compressed.indexOf("\r\n\r\n") + 4), "latin1");
    parsePage(gunzipSync(body).toString());
    const plain = await sendRaw(
      child.port,
      "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip;q=0\r\nConnection: close\r\n\r\n",
    );
    assert.doesNotMatch(plain, /content-encoding/);
  });

  it("has at most 2000 series, and a quick page, after a million random paths", async () => {
    await child.command("cardinality");
    await pageOf(child, "text/plain");
    const before = performance.now();
    const page = parsePage(await pageOf(child, "text/plain"));
    const tookMs = performance.now() - before;
    const counts = samplesOf(page, "http_server_request_duration_seconds_count");
    assert.equal(counts.length, 2000);
    const overflow = counts.find(({ labels }) => labels["otel_metric_overflow"] === "true");
    assert.equal(overflow?.value, 1_000_000 - 1998);
    assert.ok(tookMs < 8000, `${tookMs} ms`);
  });
});

describe("Health", () => {
  for (const [order, ready, all] of [
    ["drain", 503, 503],
    ["fail", 503, 503],
    ["hang", 503, 503],
    ["broken", 503, 503],
  ] as const) {
    it(`after "${order}" is alive, with ${ready} for /readyz and ${all} for /healthz`, async () => {
      const child = await startAppProcess();
      try {
        await child.command(order);
        assert.equal((await fetch(`${child.url}/livez`)).status, 200);
        assert.equal((await fetch(`${child.url}/readyz`)).status, ready);
        assert.equal((await fetch(`${child.url}/healthz`)).status, all);
      } finally {
        await child.stop();
      }
    });
  }
});

describe("The admin server's port", () => {
  it("in use by another process is reported in one line, with the remedy, and the app runs on", async () => {
    const occupied = createServer((_request, response) => response.end("other")).listen(
      0,
      "127.0.0.1",
    );
    await once(occupied, "listening");
    const { port } = occupied.address() as { port: number };
    const child = await spawnAppProcess("stay", { OTEL_EXPORTER_PROMETHEUS_PORT: String(port) });
    try {
      await pollUntilTrue(() => child.stderr() !== "", "a line on stderr");
      await child.command("nothing");
      assert.match(
        child.stderr(),
        /^telltale: port \d+ on 127.0.0.1 is in use by another process; set OTEL_EXPORTER_PROMETHEUS_PORT to a free port; .*\n$/,
      );
    } finally {
      await child.stop();
      occupied.close();
    }
  });

  it("does not keep a process without work alive", async () => {
    const child = await spawnAppProcess("end");
    assert.equal(await child.ended, 0);
    assert.equal(child.stderr(), "");
  });

  it("does not keep a process alive because of an open connection", async () => {
    const child = await startAppProcess();
    const socket = connect(child.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    await once(socket, "data");
    await child.command("end").catch(() => {});
    assert.equal(await child.ended, 0);
    socket.destroy();
  });

  it("serves health, but no metrics, without the Prometheus exporter", async () => {
    const child = await startAppProcess({ OTEL_METRICS_EXPORTER: "none" });
    try {
      assert.equal((await fetch(`${child.url}/healthz`)).status, 200);
      const response = await fetch(`${child.url}/metrics`);
      assert.equal(response.status, 404);
      assert.match(await response.text(), /OTEL_METRICS_EXPORTER/);
    } finally {
      await child.stop();
    }
  });

  it("is claimed as soon as it is free", async () => {
    const occupied = createServer().listen(0, "127.0.0.1");
    await once(occupied, "listening");
    const { port } = occupied.address() as { port: number };
    const { lines, ...fixture } = createMetricsPipeline({
      OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
    });
    const renderMetrics = async (): Promise<undefined> => undefined;
    const admin = createAdmin({
      ...fixture,
      health: createHealth(fixture),
      renderMetrics,
      timing: { retryMs: 10, claimDelayMs: 0 },
    });
    admin.start();
    await pollUntilTrue(() => lines.length > 0, "a line");
    occupied.close();
    await pollUntilTrue(() => lines.length > 1, "a second line");
    assert.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200);
    admin.stop();
    assert.match(lines[0]!, /is in use by another process/);
    assert.match(lines[1]!, /is free again/);
  });

  it("in a cluster belongs to the first process, and is reported in one line for all workers", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [cluster]);
    const lines = JSON.parse(stdout) as [string, string][];
    assert.deepEqual(lines.map(([level]) => level).toSorted(), ["debug", "debug", "warn"]);
    for (const [, line] of lines) assert.match(line, /in use by another process of this cluster/);
  });

  it("does not close the connection of a page that takes longer than the socket timeout", async () => {
    const { lines, ...fixture } = createMetricsPipeline({
      OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
      OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
    });
    let connection: Socket | undefined;
    const onRequest = (message: unknown): void => {
      connection = (message as { readonly socket: Socket }).socket;
    };
    const renderMetrics = async (): Promise<MetricsPage> => {
      const timedOut = once(connection!, "timeout");
      // Not before: the request itself may take long to arrive.
      connection!.setTimeout(1);
      await timedOut;
      connection!.setTimeout(0);
      return { contentType: "text/plain", body: Buffer.from("late") };
    };
    const health = createHealth(fixture);
    const admin = createAdmin({
      ...fixture,
      health,
      renderMetrics,
      timing: { claimDelayMs: 0 },
    });
    admin.start();
    await pollUntilTrue(() => lines.length > 0, "a line");
    subscribe("http.server.request.start", onRequest);
    const response = await fetch(`http://127.0.0.1:${fixture.config.admin.port}/metrics`);
    unsubscribe("http.server.request.start", onRequest);
    assert.equal(await response.text(), "late");
    admin.stop();
  });

  it("responds with 500 if the metrics can't be collected", async () => {
    const port = await freePort();
    const { lines, ...fixture } = createMetricsPipeline({
      OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
    });
    const renderMetrics = async (): Promise<never> => {
      throw new Error("broken");
    };
    const admin = createAdmin({
      ...fixture,
      health: createHealth(fixture),
      renderMetrics,
      timing: { claimDelayMs: 0 },
    });
    admin.start();
    await pollUntilTrue(() => lines.length > 0, "a line");
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    admin.stop();
    assert.equal(response.status, 500);
    assert.match(lines.join(""), /the metrics could not be collected: Error: broken/);
  });
});

const prometheusAccept =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

const expectedFamilies = [
  "http_server_request_duration_seconds",
  "nodejs_eventloop_delay_p99_seconds",
  "nodejs_eventloop_utilization_ratio",
  "nodejs_eventloop_time_seconds_total",
  "v8js_memory_heap_used_bytes",
  "v8js_memory_heap_space_size_bytes",
  "process_cpu_time_seconds_total",
  "process_memory_usage_bytes",
  "process_uptime_seconds",
  "otel_sdk_exporter_span_exported_total",
  "otel_sdk_processor_span_queue_size",
  "otel_sdk_processor_log_queue_capacity",
  "telltale_telemetry_dropped_total",
  "target_info",
];

async function pageOf(child: AppProcess, accept: string): Promise<string> {
  return (await fetch(`${child.url}/metrics`, { headers: { accept } })).text();
}

/** Sends bytes and returns the response, as latin1, until either side closes. */
async function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (!bytes.includes("Connection: close")) socket.end();
  });
  socket.write(bytes);
  if (bytes.length === 0) socket.end();
  await once(socket, "close");
  return Buffer.concat(chunks).toString("latin1");
}
