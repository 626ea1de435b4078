import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort } from "../../free-port.ts";
import { type ExpositionPage, parsePage, samplesOf } from "../../metrics/exposition.ts";
import { Random } from "../../random.ts";
import { preload, Program } from "../program.ts";
import { PipelinedConnection } from "./pipelined-requests.ts";

const REQUESTS = 1_000_000;
const SCRAPES = 100;
const CONNECTIONS = 4;
const LIMIT = 2000;

/** Bytes by which the heap may grow in the second half; 500,000 requests with a series each take 500 MB. */
const MAX_GROWTH = 8e6;

interface Scrape {
  readonly tookMs: number;
  readonly text: string;
}

describe("A million requests of random URLs, hosts, methods and user agents", function () {
  // A minute of work, on a machine that may be busy.
  this.timeout(1_800_000);
  const scrapes: Scrape[] = [];
  const heaps: number[] = [];
  let stderr = "";

  before(async () => {
    const port = await freePort();
    const program = new Program({
      file: fileURLToPath(new URL("app.mjs", import.meta.url)),
      flags: ["--expose-gc", ...preload.import],
      env: {
        OTEL_TRACES_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      },
    });
    const appPort = Number(await program.waitForStdout((out) => /^\d+\n/.exec(out)?.[0]));
    const random = new Random(14);
    const connections = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => PipelinedConnection.open(appPort, random)),
    );
    for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
      const each = REQUESTS / SCRAPES / CONNECTIONS;
      await Promise.all(connections.map((connection) => connection.send(each)));
      scrapes.push(await readPage(port));
      if (scrape % 10 === 9) heaps.push(Number(await read(appPort, "heap")));
    }
    for (const connection of connections) connection.close();
    program.kill("SIGKILL");
    ({ stderr } = await program.ended);
  });

  it("are all counted", () => {
    const page = lastPage();
    for (const name of [
      "http_server_request_duration_seconds_count",
      "app_agents_total",
      "app_urls_count",
    ])
      assert.equal(
        sumOf(page, name),
        REQUESTS + (name.startsWith("http") ? heaps.length - 1 : 0),
        name,
      );
  });

  it(`have at most ${LIMIT} series an instrument, over ${SCRAPES} scrapes`, () => {
    for (const { text } of scrapes.filter((_, at) => at % 20 === 19)) {
      const page = parsePage(text);
      for (const [family, count] of seriesByFamily(page))
        assert.ok(count <= LIMIT, `${family} has ${count} series`);
      assert.equal(seriesByFamily(page).get("app_agents_total"), LIMIT);
    }
  });

  it("have no label of a client's host, URL or user agent on telltale's metrics", () => {
    const methods = new Set<string | undefined>();
    for (const { name, labels } of lastPage().samples) {
      if (!name.startsWith("http_server_")) continue;
      methods.add(labels["http_request_method"]);
      const { le: _, ...others } = labels;
      for (const value of Object.values(others))
        assert.doesNotMatch(value, /example|\/|\d{5}/, name);
    }
    assert.ok(methods.has("_OTHER") && methods.has("GET"));
    assert.ok(methods.size <= 11, [...methods].join());
  });

  it("name the metrics that reached their limit, once, and count what is beyond it", () => {
    const lines = stderr.trim().split("\n");
    assert.equal(lines.length, 2, stderr);
    for (const name of ["app.agents", "app.urls"]) {
      assert.ok(
        lines.some((line) => line.startsWith(`telltale: metric "${name}": has 2000 series`)),
      );
      const overflows = samplesOf(lastPage(), "telltale_metric_overflows_total");
      const count = overflows.find(({ labels }) => labels["telltale_metric_name"] === name)?.value;
      assert.equal(count, REQUESTS - (LIMIT - 1), name);
    }
  });

  it("take a plateau of memory", () => {
    const half = heaps[heaps.length / 2 - 1]!;
    const growth = heaps.at(-1)! - half;
    assert.ok(growth < MAX_GROWTH, `from ${half} to ${heaps.at(-1)}: ${heaps.join()}`);
  });

  it("are scraped in less than a second", () => {
    const times = scrapes.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
    // Other processes may be busy.
    assert.ok(times[Math.floor(SCRAPES * 0.9)]! < 1000, times.map(Math.round).join());
  });

  function lastPage(): ExpositionPage {
    return parsePage(scrapes.at(-1)!.text);
  }
});

async function readPage(port: number): Promise<Scrape> {
  const began = performance.now();
  const text = await read(port, "metrics");
  return { tookMs: performance.now() - began, text };
}

async function read(port: number, path: string): Promise<string> {
  const response = await fetch(`http://localhost:${port}/${path}`);
  assert.equal(response.status, 200);
  return response.text();
}

function sumOf(page: ExpositionPage, name: string): number {
  return samplesOf(page, name).reduce((sum, { value }) => sum + value, 0);
}

/** Returns the number of series of each family, of a histogram by its counts. */
function seriesByFamily({ types, samples }: ExpositionPage): Map<string, number> {
  const series = new Map<string, number>();
  for (const { name } of samples) {
    const family = name.replace(/_(bucket|sum|count)$/, "");
    const isPart = types.get(family) === "histogram" && !name.endsWith("_count");
    if (!isPart) series.set(name, (series.get(name) ?? 0) + 1);
  }
  return series;
}
