import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { Attributes } from "@opentelemetry/api";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { programOrSkip } from "../../programs.ts";
import { collectingProvider } from "../../traces/provider.ts";
import { parsePage } from "../exposition.ts";
import { createMetricsPipeline } from "../metrics-fixture.ts";

/** The strict parser of OpenMetrics in Prometheus' client for Python. It prints the families. */
const strictParser = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as classic
parse = openmetrics if sys.argv[1] == "openmetrics" else classic
for family in parse(sys.stdin.buffer.read().decode()):
    exemplars = sum(1 for sample in family.samples if sample.exemplar)
    print(family.name, family.type, family.unit or "-", len(family.samples), exemplars)
`;

const accepts = { classic: undefined, openmetrics: "application/openmetrics-text" } as const;

/** Variables of the page. */
const variants: readonly Readonly<Record<string, string>>[] = [
  {},
  { TELLTALE_PROMETHEUS_CREATED: "true", TELLTALE_PROMETHEUS_SCOPE_LABELS: "all" },
  { TELLTALE_PROMETHEUS_TRANSLATION: "underscore_escaping_without_suffixes" },
  { TELLTALE_PROMETHEUS_TRANSLATION: "no_utf8_escaping_with_suffixes" },
  {
    TELLTALE_PROMETHEUS_TRANSLATION: "no_translation",
    TELLTALE_PROMETHEUS_RESOURCE_LABELS: "service.name",
    TELLTALE_PROMETHEUS_TARGET_INFO: "false",
    TELLTALE_PROMETHEUS_CREATED: "true",
  },
];

describe("A Prometheus page with everything on it", () => {
  for (const variables of variants) {
    const title = Object.entries(variables).map((pair) => pair.join("=").replace("TELLTALE_", ""));
    for (const format of ["classic", "openmetrics"] as const) {
      it(`is valid for the strict parser of Python's client: ${format} ${title.join(" ")}`, async function () {
        programOrSkip(this, "/usr/lib/python3/dist-packages/prometheus_client");
        const body = await everything(variables, accepts[format]);
        const { stdout, stderr } = spawnSync("/usr/bin/python3", ["-c", strictParser, format], {
          input: body,
          encoding: "utf8",
        });
        assert.equal(stderr, "");
        const families = stdout.trim().split("\n");
        assert.equal(families.length, parsePage(body.toString(), format).types.size);
        const exemplars = families.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
        assert.equal(exemplars > 0, format === "openmetrics");
      });
    }
  }

  it("is valid for promtool, which reports nothing", async function () {
    const promtool = programOrSkip(this, "promtool");
    const body = await everything({}, undefined, {
      prefix: "shop.",
      attributes: { "a.b": '"\\\n' },
    });
    const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], {
      input: body,
      encoding: "utf8",
    });
    assert.deepEqual([status, stdout, stderr], [0, "", ""]);
  });
});

interface Names {
  readonly prefix: string;
  readonly attributes: Attributes;
}

const hardNames: Names = {
  prefix: "größe.",
  attributes: { le: "x", quantile: "y", "a.b": '"\\\n', a_b: "€", größe: 1 },
};

/** Renders a page with every kind of instrument, and names and values that are hard to write. */
async function everything(
  variables: Readonly<Record<string, string>>,
  accept: string | undefined,
  { prefix, attributes }: Names = hardNames,
): Promise<Buffer> {
  const { metrics } = createMetricsPipeline(variables);
  const span = collectingProvider({}).provider.getTracer("t").startSpan("work");
  const context = ROOT_CONTEXT.withSpan(span);
  for (const meter of [metrics.meter, metrics.provider.getMeter("app", "1")]) {
    const create = { description: 'a "d" \\ of\nlines', unit: "s" };
    meter.createCounter(`${prefix}orders`, create).add(1.5, attributes, context);
    meter.createHistogram(`${prefix}checkout`, create).record(0.3, attributes, context);
    meter.createUpDownCounter(`${prefix}basket`, { ...create, unit: "By" }).add(-1, attributes);
    const gauge = meter.createGauge(`${prefix}load`, { ...create, unit: "1" });
    for (const value of [Infinity, -Infinity, 1e21, 1e-7, -0]) gauge.record(value, { value });
    meter
      .createObservableCounter(`${prefix}visits`, create)
      .addCallback((result) => result.observe(3, attributes));
  }
  const summary = { description: "Weights.", unit: "g" };
  metrics.meter.createSummary(`${prefix}parcel`, summary).record(1250, attributes);
  const page = await metrics.prometheusPage(accept);
  return page!.body;
}
