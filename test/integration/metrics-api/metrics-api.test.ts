import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort } from "../../free-port.ts";
import { type ExpositionPage, parsePage, samplesOf } from "../../metrics/exposition.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";

const register = new URL("../../../dist/register.js", import.meta.url).href;

const WRONG_LABELS =
  'telltale: metric "shop.orders": recorded with the labels kind, colour, expected the labels kind, token; other labels are left out, absent ones are empty\n';

interface Shop {
  readonly page: ExpositionPage;
  readonly text: string;
  readonly result: ProgramResult;
}

interface Started {
  readonly title: string;
  readonly file: string;
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const apps: readonly Started[] = [
  { title: "an ES module", file: "shop.mjs", flags: preload.import, env: {} },
  { title: "a CommonJS app", file: "shop.cjs", flags: preload.require, env: {} },
  {
    title: "an app that starts telltale after it created its metrics",
    file: "shop.mjs",
    flags: [],
    env: { REGISTER: register },
  },
];

describe("counter, gauge, histogram and summary", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());

  for (const { title, file, flags, env } of apps) {
    it(`are on the page of ${title}`, async () => {
      const { page, text, result } = await runShop(file, flags, env);
      assert.equal(result.code, 0, result.stderr);
      assert.equal(result.stderr, WRONG_LABELS);
      const isEarly = env["REGISTER"] === undefined;
      assert.deepEqual(valuesOf(page, "shop_orders_total"), [
        [{ kind: "book" }, 3],
        ...(isEarly ? [[{ kind: "early" }, 1]] : []),
        [{ kind: "film", token: "REDACTED" }, 1],
        [{ kind: "film" }, 1],
      ]);
      assert.deepEqual(valuesOf(page, "shop_baskets"), [[{}, 1]]);
      assert.deepEqual(valuesOf(page, "shop_checkout_seconds_count"), [[{ result: "paid" }, 1]]);
      assert.deepEqual(valuesOf(page, "shop_parcels_grams"), [[{ quantile: "0.5" }, 1000]]);
      assert.match(text, /^# HELP shop_orders Orders placed\.$/m);
      // Each in the trace of its request, except for the early one.
      const exemplar = String.raw`# \{trace_id="[0-9a-f]{32}",span_id="[0-9a-f]{16}"\} `;
      assert.match(text, new RegExp(`^shop_orders_total\\{kind="book"\\} 3 ${exemplar}3`, "m"));
      assert.match(text, new RegExp(`^shop_checkout_seconds_bucket.* ${exemplar}`, "m"));
    });
  }

  for (const file of ["shop.mjs", "shop.cjs"]) {
    it(`do nothing without the preload: ${file}`, async () => {
      const program = new Program({ file: pathOf(file), flags: [] });
      const { code, stdout, stderr } = await program.ended;
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "true\n", stderr: "" });
    });
  }

  it("are changed by variables, as the metrics of telltale", async () => {
    const { page, result } = await runShop("shop.mjs", preload.import, {
      TELLTALE_METRICS_DROP: "shop.baskets,http.client.*,v8js.*",
      TELLTALE_METRICS_RENAME: "shop.parcels=parcels",
      TELLTALE_METRICS_DROP_ATTRIBUTES: "shop.orders:token;http.server.request.duration:url.scheme",
      TELLTALE_METRICS_BUCKETS: "shop.checkout:1,60",
      TELLTALE_METRICS_CARDINALITY_LIMIT: "shop.orders=3",
    });
    assert.deepEqual(valuesOf(page, "shop_orders_total"), [
      [{ kind: "book" }, 3],
      [{ kind: "early" }, 1],
      [{ otel_metric_overflow: "true" }, 2],
    ]);
    assert.deepEqual(valuesOf(page, "telltale_metric_overflows_total"), [
      [{ telltale_metric_name: "shop.orders" }, 2],
    ]);
    assert.match(result.stderr, /telltale: metric "shop\.orders": has 3 series, its limit; /);
    const names = page.samples.map(({ name }) => name);
    assert.ok(!names.some((name) => /^(shop_baskets|http_client_|v8js_)/.test(name)));
    assert.deepEqual(valuesOf(page, "parcels_grams_count"), [[{}, 1]]);
    const limits = samplesOf(page, "shop_checkout_seconds_bucket").map(
      ({ labels }) => labels["le"],
    );
    assert.deepEqual(limits, ["1.0", "60.0", "+Inf"]);
    const [request] = samplesOf(page, "http_server_request_duration_seconds_count");
    assert.deepEqual(Object.keys(request?.labels ?? {}).toSorted(), [
      "http_request_method",
      "http_response_status_code",
      "network_protocol_version",
    ]);
  });

  async function runShop(
    file: string,
    flags: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Shop> {
    const port = await freePort();
    const program = new Program({
      file: pathOf(file),
      flags,
      env: {
        ...telemetryEnv(receiver),
        OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
        PAGE: `http://localhost:${port}/metrics`,
        ...env,
      },
    });
    const result = await program.ended;
    const [, text = ""] = /^true\n([^]*)$/.exec(result.stdout) ?? [];
    return { page: parsePage(text, "openmetrics"), text, result };
  }
});

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

function valuesOf(page: ExpositionPage, name: string): unknown[] {
  return samplesOf(page, name).map(({ labels, value }) => [{ ...labels }, value]);
}
