import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { get } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { PrometheusServer, type Series } from "../../collector/support/prometheus.ts";
import { makeCertificates } from "../../export/certificates.ts";
import { programOrSkip } from "../../programs.ts";
import { pollUntilTrue } from "../../until.ts";
import { type PageService, startPageService } from "./service.ts";

const TOKEN = "a-token-of-a-scraper";
const REQUESTS = 200;

/** Labels of the scrape, and that of the process's instance. */
const SCRAPE_LABELS = ["__name__", "job", "instance"];

describe("A real Prometheus", function () {
  const folder = mkdtempSync(join(tmpdir(), "telltale-scrape-"));
  let receiver: Receiver;
  let service: PageService;
  let classic: Server;
  let prometheus: PrometheusServer;

  before(async function () {
    const program = programOrSkip(this, "prometheus");
    const { ca, server } = makeCertificates();
    for (const [name, text] of Object.entries({ ca, ...server, token: TOKEN }))
      writeFileSync(join(folder, name), text);
    receiver = await startReceiver();
    service = await startPageService(receiver, {
      OTEL_TRACES_SAMPLER: "traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.3",
      TELLTALE_METRICS_TOKEN_FILE: join(folder, "token"),
      TELLTALE_ADMIN_CERTIFICATE: join(folder, "cert"),
      TELLTALE_ADMIN_KEY: join(folder, "key"),
    });
    for (let index = 0; index < REQUESTS; index += 1)
      await (await fetch(`${service.url}/${index}`)).text();
    classic = await startClassicProxy(service.adminPort, ca);
    prometheus = await PrometheusServer.start(program, {
      config: () => scrapeConfig(service.adminPort, (classic.address() as AddressInfo).port),
      flags: ["--enable-feature=exemplar-storage"],
    });
    await pollUntilTrue(
      async () => (await prometheus.query("shop_orders_total")).length === 2,
      "two scrapes",
    );
  });

  after(async () => {
    await prometheus?.stop();
    classic?.close();
    classic?.closeAllConnections();
    await service?.stop();
    await receiver?.close();
    rmSync(folder, { recursive: true });
  });

  it("scrapes the page in both formats, by HTTPS with a token", async () => {
    // On a busy machine a scrape may take longer than its second.
    await pollUntilTrue(async () => {
      const up = await prometheus.query("up");
      const values = up.map(({ metric, value }) => [metric["job"], value] as const);
      return isDeepStrictEqual(Object.fromEntries(values), { openmetrics: 1, classic: 1 });
    }, "a scrape in both formats");
    const orders = await prometheus.query("shop_orders_total");
    for (const { value } of orders) assert.equal(value, REQUESTS);
  });

  it("reads the same series from both", async () => {
    let [open, plain]: string[][] = [[], []];
    // One of them may have been scraped after a series appeared, as of a first garbage collection.
    await pollUntilTrue(
      async () => {
        [open, plain] = await Promise.all(
          ["openmetrics", "classic"].map(async (job) =>
            // Those of Prometheus itself, and those that appear between the scrapes.
            keysOf(await prometheus.series(`{job="${job}",__name__!~"up|scrape_.*|telltale_.*"}`)),
          ),
        );
        return isDeepStrictEqual(open, plain);
      },
      () => `the same series: ${JSON.stringify([open, plain])}`,
    );
    assert.ok(open!.length > 100, String(open!.length));
  });

  it("stores exemplars of counters and buckets, each of a trace that was exported", async () => {
    const metrics = [
      "http_server_request_duration_seconds_bucket",
      "shop_orders_total",
      "shop_cart_size_bytes_bucket",
    ];
    const found = new Set<string>();
    for (const metric of metrics) {
      const exemplars = await prometheus.exemplars(metric);
      assert.ok(exemplars.length > 0, metric);
      for (const { trace_id: trace = "", span_id: span = "" } of exemplars)
        found.add(`${trace} ${span}`);
    }
    await service.stop();
    await receiver.settled();
    const exported = new Set(receiver.spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`));
    // The other traces were not kept.
    assert.ok(exported.size < REQUESTS, String(exported.size));
    for (const ids of found) assert.ok(exported.has(ids), ids);
  });

  function scrapeConfig(adminPort: number, classicPort: number): string {
    return [
      "global: {scrape_interval: 1s, scrape_timeout: 1s}",
      "scrape_configs:",
      "- job_name: openmetrics",
      "  scheme: https",
      `  tls_config: {ca_file: ${join(folder, "ca")}}`,
      `  authorization: {credentials_file: ${join(folder, "token")}}`,
      `  static_configs: [{targets: ["127.0.0.1:${adminPort}"]}]`,
      "- job_name: classic",
      `  static_configs: [{targets: ["127.0.0.1:${classicPort}"]}]`,
      "",
    ].join("\n");
  }
});

/** Starts a proxy that asks for the classic format, which Prometheus 2.42 does only without a choice. */
async function startClassicProxy(adminPort: number, ca: string): Promise<Server> {
  const server = createServer((_request, response) => {
    const request = get({
      port: adminPort,
      host: "127.0.0.1",
      path: "/metrics",
      ca,
      headers: { authorization: `Bearer ${TOKEN}`, accept: "text/plain;version=0.0.4" },
    });
    request.on("error", () => response.destroy());
    request.on("response", (page) => {
      response.writeHead(page.statusCode ?? 500, { "content-type": page.headers["content-type"] });
      page.pipe(response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Returns each series without the labels of its scrape. */
function keysOf(series: readonly Series[]): string[] {
  return series
    .map((labels) => {
      const own = Object.entries(labels).filter(([name]) => !SCRAPE_LABELS.includes(name));
      return `${labels.__name__}${JSON.stringify(own.toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
    })
    .toSorted();
}
