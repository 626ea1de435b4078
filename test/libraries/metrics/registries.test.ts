import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { preload, Program, telemetryEnv } from "../../integration/program.ts";
import { type ExpositionPage, parsePage, samplesOf } from "../../metrics/exposition.ts";
import { parseProtobufPage, samplesOfFamilies } from "../../metrics/exposition-protobuf.ts";
import { nodes } from "../../nodes.ts";
import { rows } from "./rows.ts";

const telltale = fileURLToPath(new URL("../../../dist/index.js", import.meta.url));

interface Printed {
  readonly pages: {
    readonly classic: string;
    readonly openmetrics: string;
    readonly protobuf: string;
  };
  readonly own: { readonly merged: string; readonly cluster: string };
  readonly after: string;
}

/** The samples of the app's registries, the same in both formats. */
const expected: readonly (readonly [name: string, labels: object, value: number])[] = [
  ["app_orders_total", { kind: 'a "b" \\ c' }, 3],
  ["app_visits", {}, 7],
  ["app_wait_seconds_bucket", { le: "0.5" }, 0],
  ["app_wait_seconds_bucket", { le: "1.0" }, 1],
  ["app_wait_seconds_bucket", { le: "+Inf" }, 1],
  ["app_wait_seconds_sum", {}, 0.7],
  ["app_wait_seconds_count", {}, 1],
  ["app_size_bytes", { quantile: "0.5" }, 20],
  ["app_size_bytes_sum", {}, 20],
  ["app_size_bytes_count", {}, 1],
  ["app_stock", { team: "a" }, 4],
];

const LEFT_OUT = (name: string, why: string): string =>
  `telltale: metric "${name}" of prom-client is left out of the Prometheus page: ${why}`;

const lines = [
  'telltale: metric "process_uptime_seconds" is left out of the Prometheus page: the name process_uptime_seconds is already used by another metric',
  'telltale: metric "app_stock" is left out of the Prometheus page: the name app_stock is already used by another metric',
  LEFT_OUT("app_throwing", "its collect() failed (object Error: no database)"),
  LEFT_OUT("app_hung", "its collect() took longer than 2000 ms"),
  LEFT_OUT("app_strange", "it has a value that is no number"),
  LEFT_OUT("a registry", "can't be read (object Error: unreadable)"),
];

describe("Registries of prom-client", () => {
  for (const { installed, moduleSystem, node } of rows) {
    it(`are on the page: ${installed} in ${moduleSystem} on Node ${node}`, async () => {
      const { printed, stderr } = await runApp(installed, moduleSystem, node);
      const classic = parsePage(printed.pages.classic);
      const openmetrics = parsePage(printed.pages.openmetrics, "openmetrics");
      assert.deepEqual(appSamples(classic), expected);
      assert.deepEqual(appSamples(openmetrics), expected);
      const families = parseProtobufPage(Buffer.from(printed.pages.protobuf, "base64"));
      assert.deepEqual(appSamples({ samples: samplesOfFamilies(families) }), expected);
      assert.equal(classic.types.get("app_visits"), "counter");
      assert.equal(openmetrics.types.get("app_visits"), "unknown", "its name has no _total");
      assert.equal(openmetrics.types.get("app_orders"), "counter");
      for (const name of [
        "shop_orders_total",
        "process_uptime_seconds",
        "nodejs_heap_size_used_bytes",
      ])
        assert.equal(samplesOf(classic, name).length, 1, name);
      assert.deepEqual(stderr.trim().split("\n").toSorted(), lines.toSorted());
    });

    it(`work as before: ${installed} in ${moduleSystem} on Node ${node}`, async () => {
      const { printed } = await runApp(installed, moduleSystem, node);
      assert.match(printed.own.merged, /^app_orders_total\{kind="a \\"b\\" \\\\ c"\} 3$/m);
      assert.match(printed.own.cluster, /^app_stock\{team="a"\} 8$/m);
      assert.deepEqual(samplesOf(parsePage(printed.after), "app_orders_total"), []);
      assert.equal(samplesOf(parsePage(printed.after), "app_visits").length, 1);
    });
  }
});

function appSamples(page: Pick<ExpositionPage, "samples">): unknown[] {
  return page.samples
    .filter(({ name }) => name.startsWith("app_"))
    .map(({ name, labels, value }) => [name, { ...labels }, value]);
}

async function runApp(
  installed: string,
  moduleSystem: string,
  node: string,
): Promise<{ readonly printed: Printed; readonly stderr: string }> {
  const receiver = await startReceiver();
  try {
    const port = await freePort();
    const file = `apps/registries.${moduleSystem === "esm" ? "mjs" : "cjs"}`;
    const program = new Program({
      file: fileURLToPath(new URL(file, import.meta.url)),
      node: nodes.find(({ name }) => name === node)?.path ?? process.execPath,
      flags: preload.import,
      args: [installed],
      env: {
        ...telemetryEnv(receiver),
        TELLTALE: telltale,
        OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
        PAGE: `http://localhost:${port}/metrics`,
      },
    });
    const { stdout, stderr, code } = await program.ended;
    assert.equal(code, 0, stderr);
    return { printed: JSON.parse(stdout) as Printed, stderr };
  } finally {
    await receiver.close();
  }
}
