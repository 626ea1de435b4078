import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { preload, Program, telemetryEnv } from "../../integration/program.ts";
import { goToolOrSkip } from "../../programs.ts";
import { Random, testSeed } from "../../random.ts";
import { pollUntil, pollUntilTrue } from "../../until.ts";
import { PrometheusServer } from "../support/prometheus.ts";

const random = new Random(testSeed());
const app = fileURLToPath(new URL("../apps/latencies.mjs", import.meta.url));

/** Jobs that scrape the same page, each in its own way. */
const jobs = {
  both: "scrape_native_histograms: true, always_scrape_classic_histograms: true",
  native: "scrape_native_histograms: true",
  protobuf: "scrape_protocols: [PrometheusProto]",
  text: "scrape_protocols: [OpenMetricsText1.0.0, PrometheusText0.0.4]",
} as const;
type Job = keyof typeof jobs;

const jobNames = Object.keys(jobs) as Job[];

/** The latencies of two routes, which a log-normal distribution has. */
const latencies: Readonly<Record<string, readonly number[]>> = {
  "/fast": Array.from({ length: 300 }, () => logNormal(0.03, 0.6)),
  "/slow": Array.from({ length: 300 }, () => logNormal(0.8, 0.9)),
};

/** The boundaries of the classic histogram. */
const boundaries = [0, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The width of a bucket of schema 3, to which the values above fit into 160 buckets. */
const NATIVE_BUCKET = 2 ** (1 / 8);

describe(`Prometheus 3 scrapes the page of a cluster (TEST_SEED=${random.seed})`, () => {
  let receiver: Receiver;
  let program: Program;
  let prometheus: PrometheusServer;
  let page: string;

  before(async function () {
    const binary = await goToolOrSkip(this, "prometheus");
    receiver = await startReceiver();
    const [port, pagePort] = [await freePort(), await freePort()];
    page = `127.0.0.1:${pagePort}`;
    program = new Program({
      file: app,
      flags: preload.import,
      env: {
        ...telemetryEnv(receiver),
        PORT: String(port),
        OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
        OTEL_EXPORTER_PROMETHEUS_PORT: String(pagePort),
        TELLTALE_PROMETHEUS_NATIVE_HISTOGRAMS: "true",
      },
    });
    await program.waitForStdout((text) => /listening\n.*listening\n/s.test(text) || undefined);
    // The first measurements, before which a rate has no beginning.
    for (const route of Object.keys(latencies)) await request(port, route, 0.01);
    await hasBothWorkers();
    prometheus = await PrometheusServer.start(binary, {
      config: () => configurationOf(page),
      flags: ["--enable-feature=exemplar-storage,created-timestamp-zero-ingestion"],
    });
    await scraped(Object.keys(latencies).length);
    const workers = new Set<string>();
    for (const [route, values] of Object.entries(latencies))
      for (const seconds of values) workers.add(await request(port, route, seconds));
    assert.equal(workers.size, 2, "both workers have measurements");
    await scraped(Object.keys(latencies).length + Object.values(latencies).flat().length);
  });

  after(async () => {
    await prometheus?.stop();
    program?.kill("SIGTERM");
    await program?.ended;
    await receiver?.close();
  });

  for (const route of Object.keys(latencies)) {
    for (const quantile of [0.1, 0.5, 0.9, 0.99]) {
      it(`the quantile ${quantile} of ${route}, the same in native and classic buckets`, async () => {
        const rated = (name: string, job: Job): string =>
          `rate(shop_checkout_seconds${name}{route="${route}",job="${job}"}[10m])`;
        const ofNative = (job: Job): Promise<number> =>
          valueOf(`histogram_quantile(${quantile}, sum by (route) (${rated("", job)}))`);
        const ofClassic = (job: Job): Promise<number> =>
          valueOf(`histogram_quantile(${quantile}, sum by (le) (${rated("_bucket", job)}))`);
        const classic = await ofClassic("both");
        const native = await ofNative("both");
        const upper = boundaries.find((limit) => limit >= classic) ?? Infinity;
        const lower = boundaries.findLast((limit) => limit < classic) ?? 0;
        const isInBucket = native >= lower / NATIVE_BUCKET && native <= upper * NATIVE_BUCKET;
        assert.ok(isInBucket, `${native} in the bucket of ${classic}, ${lower} to ${upper}`);
        const exact = quantileOf(latencies[route]!, quantile);
        const ratio = native / exact;
        assert.ok(
          ratio > 1 / NATIVE_BUCKET && ratio < NATIVE_BUCKET,
          `${native} differs from the exact ${exact} by less than a native bucket`,
        );
        // Rates extrapolate from the times of the scrapes, and without starts lack the first value.
        assertNear(await ofNative("native"), native);
        for (const job of ["protobuf", "text"] as const) assertNear(await ofClassic(job), classic);
      });
    }
  }

  it("with sums and counts in both that are those of the requests", async () => {
    for (const [route, values] of Object.entries(latencies)) {
      const selector = `{route="${route}",job="both"}`;
      const sum = values.reduce((total, value) => total + value, 0.01);
      const counts = [
        `histogram_count(shop_checkout_seconds${selector})`,
        `shop_checkout_seconds_count${selector}`,
      ];
      for (const query of counts) assert.equal(await valueOf(query), values.length + 1, query);
      const sums = [
        `histogram_sum(shop_checkout_seconds${selector})`,
        `shop_checkout_seconds_sum${selector}`,
      ];
      for (const query of sums) assert.ok(Math.abs((await valueOf(query)) / sum - 1) < 1e-9, query);
    }
  });

  it("as the same series in protobuf and text, and without classic ones if only native are asked for", async () => {
    const isClassic = (series: string): boolean => /_(bucket|sum|count)\b/.test(series);
    let [native, differences]: [string[], unknown[]] = [[], []];
    // A scrape between two others has series that these lack, as of a first garbage collection.
    await pollUntilTrue(
      async () => {
        const [protobuf, text, both] = [
          await seriesOf("protobuf"),
          await seriesOf("text"),
          await seriesOf("both"),
        ];
        native = await seriesOf("native");
        differences = [
          [protobuf, text],
          [both.filter((series) => !native.includes(series)), text.filter(isClassic)],
          [
            both.filter((series) => !text.includes(series)),
            native.filter((series) => !text.includes(series)),
          ],
        ].filter(([one, other]) => !isDeepStrictEqual(one, other));
        return differences.length === 0;
      },
      () => `the same series: ${JSON.stringify(differences, undefined, 2)}`,
    );
    assert.ok(native.some((series) => series.includes('"shop_checkout_seconds"')));
  });

  it("with exemplars of traces in native and classic histograms", async () => {
    for (const name of ["shop_checkout_seconds", "shop_checkout_seconds_bucket"]) {
      await pollUntilTrue(
        async () => (await prometheus.exemplars(`${name}{job="both"}`)).length > 2,
        `exemplars of ${name}`,
      );
      for (const labels of await prometheus.exemplars(`${name}{job="both"}`))
        assert.match(labels["trace_id"] ?? "", /^[0-9a-f]{32}$/);
    }
  });

  it("with the start of counters, from which the first value is an increase", async () => {
    const first = (job: Job): Promise<number> =>
      valueOf(`min_over_time(shop_orders_total{job="${job}"}[10m])`);
    assert.deepEqual([await first("both"), await first("text")], [0, 10]);
  });

  it("without an error, a sample twice or an exemplar out of order", async () => {
    let targets: readonly { readonly health: string; readonly lastError: string }[] = [];
    // On a busy machine a single scrape may take longer than its second.
    await pollUntilTrue(
      async () => {
        const { activeTargets } = await prometheus.request<{
          readonly activeTargets: typeof targets;
        }>("targets");
        targets = activeTargets;
        return (
          targets.length === jobNames.length &&
          targets.every(({ health, lastError }) => health === "up" && lastError === "")
        );
      },
      () => `scrapes without an error: ${JSON.stringify(targets)}`,
    );
    const own = await (await fetch(`${prometheus.url}/metrics`)).text();
    const problems = [
      ...own.matchAll(
        /^(prometheus_target_scrape\w*_(?:out_of_order|duplicate_timestamp|out_of_bounds|exceeded\w*)_total|prometheus_tsdb_exemplar_out_of_order_exemplars_total|prometheus_tsdb_out_of_order_samples_total)\b.* (\S+)$/gm,
      ),
    ];
    assert.ok(problems.length > 3, "the counters of problems are known");
    assert.deepEqual(
      problems.filter(([, , count]) => count !== "0").map(([line]) => line),
      [],
    );
  });

  /** Waits for a page with both workers: it is without one that has never answered in time. */
  async function hasBothWorkers(): Promise<void> {
    let text = "";
    await pollUntilTrue(
      async () => {
        text = await (await fetch(`http://${page}/metrics`)).text();
        return /^shop_orders_total\S* 10$/m.test(text);
      },
      () => `the orders of both workers: ${text}`,
    );
  }

  async function scraped(measurements: number): Promise<void> {
    const counts = [
      ...(["both", "native"] as const).map(
        (job) => `sum(histogram_count(shop_checkout_seconds{job="${job}"}))`,
      ),
      ...(["both", "protobuf", "text"] as const).map(
        (job) => `sum(shop_checkout_seconds_count{job="${job}"})`,
      ),
    ];
    for (const query of counts) {
      await pollUntilTrue(
        async () => (await prometheus.query(query))[0]?.value === measurements,
        () => `${query} of ${measurements}`,
      );
    }
  }

  /** Returns the only value, which is missing for a second after a scrape that took too long. */
  async function valueOf(query: string): Promise<number> {
    return pollUntil(async () => {
      const found = await prometheus.query(query);
      return found.length === 1 ? found[0]!.value : undefined;
    }, `one value of ${query}`);
  }

  /** Returns the series of a job that are on the page, without what the scrape adds. */
  async function seriesOf(job: Job): Promise<string[]> {
    const selector = `{job="${job}",__name__!~"up|scrape_.*"}`;
    const series = await prometheus.series(selector);
    return series
      .map(({ job: _job, ...labels }) =>
        JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      )
      .toSorted();
  }
});

function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual / expected - 1) < 0.05, `${actual} is about ${expected}`);
}

function configurationOf(page: string): string {
  const scrapes = Object.entries(jobs).map(
    ([job, options]) =>
      `  - {job_name: ${job}, ${options}, static_configs: [{targets: ["${page}"]}]}\n`,
  );
  return `global: {scrape_interval: 1s}\nscrape_configs:\n${scrapes.join("")}`;
}

/** Returns the worker that has answered. */
async function request(port: number, route: string, seconds: number): Promise<string> {
  const url = `http://127.0.0.1:${port}${route}?seconds=${seconds}`;
  // A connection of its own, so that the workers take turns.
  const response = await fetch(url, { headers: { connection: "close" } });
  return response.text();
}

/** The `quantile` of values: the smallest one that this share does not exceed. */
function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = [...values, 0.01].toSorted((a, b) => a - b);
  return sorted[Math.ceil(quantile * sorted.length) - 1]!;
}

/** A random number of the log-normal distribution, by the Box-Muller transform. */
function logNormal(median: number, sigma: number): number {
  const normal =
    Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return median * Math.exp(sigma * normal);
}
