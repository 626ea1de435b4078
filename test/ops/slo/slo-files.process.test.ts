import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { SECONDS_BOUNDARIES } from "../../../src/metrics/boundaries.ts";
import type { OutputFile } from "../../../src/ops/output-file.ts";
import { readObjectiveSources } from "../../../src/ops/slo/files/objective-sources.ts";
import { defaultObjectives, sectionDefaults } from "../../../src/ops/slo/files/section.ts";
import { defaultOptions } from "../../../src/ops/options/ops-options.ts";
import { sloFiles } from "../../../src/ops/slo/slo-files.ts";
import { goToolOrSkip, programOrSkip } from "../../programs.ts";
import { withFolder } from "../generated-folder.ts";

const run = promisify(execFile);

const section = (objectives: string, more = ""): string =>
  `slo:\n  objectives:\n${objectives.replaceAll(/^/gm, "    ")}\n${more}`;

const openSlo = `apiVersion: openslo/v1
kind: SLO
metadata: { name: checkout }
spec:
  service: web
  budgetingMethod: Occurrences
  indicator: { metadata: { name: a }, spec: { thresholdMetric: { metricSource: { spec: { query: max(web_lag) } } } } }
  timeWindow: [{ duration: 4w, isRolling: true }]
  objectives: [{ op: lte, value: 5, target: 0.99 }]
  alertPolicies:
    - kind: AlertPolicy
      metadata: { name: CheckoutBurns }
      spec: { conditions: [{ kind: AlertCondition, metadata: { name: a }, spec: { severity: page, condition: { op: gt, threshold: 10, lookbackWindow: 30m, alertAfter: 5m } } }] }
    - kind: AlertPolicy
      metadata: { name: CheckoutSmoulders }
      spec: { conditions: [{ kind: AlertCondition, metadata: { name: b }, spec: { severity: ticket, condition: { op: gte, threshold: 2, lookbackWindow: 2d } } }] }
`;

/** Sections with each kind of objective. */
const sections: readonly (readonly [title: string, text: string])[] = [
  [
    "requests",
    section(`- { name: a, service: shop, objective: 99.9, availability: }
- { name: b, objective: 90, availability: { by_route: true } }
- { name: c, service: eu/shop, objective: 99.99, period: 28d, availability: { routes: [/b, '/a\\"{x}'] } }`),
  ],
  [
    "latencies",
    section(`- { name: d, service: shop, objective: 99.5, latency: { threshold: 1s } }
- { name: e, service: shop, objective: 95, min_events: 1, latency: { threshold: 250ms, routes: [/a] } }`),
  ],
  [
    "counters",
    section(`- { name: a, objective: 99.9, ratio: { total: orders_total, failed: 'orders_total{result="failed"}', by: organization } }
- { name: b, service: shop, objective: 99, ratio: { total: 'orders_total{kind!="test"}', good: 'orders_total{result=~"ok|late|5..",kind!="test"}' } }
- { name: c, objective: 98, min_events: 500, ratio: { total: 'sent_total{a="b"}', failed: 'lost_total{c=~"[4-5]..", a!="b"}', by: [tenant, region] } }`),
  ],
  [
    "freshness",
    section(`- { name: a, service: shop, objective: 99, freshness: { job: 'nightly "x"', within: 26h } }
- { name: b, objective: 90, freshness: { job: hourly, within: 5m } }
- { name: c, service: shop, objective: 99.9, min_events: 100, freshness: { queue: mails, within: 2m } }`),
  ],
  ["files", "slo: { from: [orders.yaml, openslo.yaml] }\n"],
];

const vectors = join(import.meta.dirname, "sloth", "vectors");

async function filesOf(text: string): Promise<readonly OutputFile[]> {
  const orders = await readFile(join(vectors, "orders.yaml"), "utf8");
  const readFileOf = (file: string): string => (file === "orders.yaml" ? orders : openSlo);
  const { objectives, problems } = readObjectiveSources(
    [{ name: "telltale.ops.yaml", text }],
    { boundaries: SECONDS_BOUNDARIES, readFile: readFileOf },
    sectionDefaults,
  );
  assert.deepEqual(problems, []);
  return sloFiles({ ...defaultOptions, objectives });
}

/** Writes files, and runs the tests of the folder by promtool, up to the first file that fails. */
async function promtoolTest(promtool: string, files: readonly OutputFile[]): Promise<void> {
  await withFolder(files, async (folder) => {
    await run(promtool, ["check", "rules", join(folder, "prometheus", "slo.yaml")]);
    const tests = files.filter(({ path }) => path.startsWith("tests/"));
    for (const { path } of tests) {
      await run(promtool, ["test", "rules", join(folder, path)]).catch(
        (error: Error & { stdout?: string; stderr?: string }) => {
          throw new Error(`${error.stdout}${error.stderr}`, { cause: error });
        },
      );
    }
  });
}

describe("The files of objectives of telltale ops", () => {
  for (const [title, text] of sections) {
    it(`have tests that promtool passes: ${title}`, async function () {
      await promtoolTest(programOrSkip(this, "promtool"), await filesOf(text));
    });
  }

  it("have tests that promtool of Prometheus 3 passes", async function () {
    const promtool = await goToolOrSkip(this, "promtool");
    for (const [, text] of sections.slice(1, 4)) await promtoolTest(promtool, await filesOf(text));
  });

  it("have tests that promtool passes without a section", async function () {
    const files = sloFiles({
      ...defaultOptions,
      objectives: defaultObjectives(SECONDS_BOUNDARIES),
    });
    assert.deepEqual(
      files.map(({ path }) => path),
      ["prometheus/slo.yaml", "tests/slo.yaml", "tests/slo-rates.yaml"],
    );
    await promtoolTest(programOrSkip(this, "promtool"), files);
  });

  it("are none without objectives", () => {
    assert.deepEqual(sloFiles({ ...defaultOptions, objectives: [] }), []);
  });

  const mutations: readonly (readonly [what: string, from: RegExp, to: string])[] = [
    ["halved threshold of 14.4x", />= 0\.0144/g, ">= 0.0072"],
    ["doubled threshold of 14.4x", />= 0\.0144/g, ">= 0.0288"],
    ["halved threshold of 6x", />= 0\.006/g, ">= 0.003"],
    ["doubled threshold of 6x", />= 0\.006/g, ">= 0.012"],
    ["halved threshold of 3x", />= 0\.003/g, ">= 0.0015"],
    ["halved threshold of 1x", />= 0\.001$/gm, ">= 0.0005"],
    ["doubled threshold of 1x", />= 0\.001$/gm, ">= 0.002"],
    ["missing minimum of events", /\n +and sum_over_time\(slo:events[^\n]+/g, ""],
    ["missing minimum of failures", /\n +and sum_over_time\(slo:error_events[^\n]+/g, ""],
    ["renamed metric", /duration_seconds_count/g, "duration_count"],
    ["wrong status", /5\.\./g, "4.."],
    ["renamed page", /alert: SLOBurnsFast/g, "alert: SLOBurns"],
    ["missing label of the alerts", / +severity: \w+\n/g, ""],
    ["missing label of the service", / +sloth_service: shop\n/g, ""],
    ["renamed series of the metadata", /record: sloth_slo_info/g, "record: slo_info"],
    ["wrong budget", /vector\(0\.001\)/g, "vector(0.002)"],
    ["wrong period", /vector\(30\)/g, "vector(28)"],
  ];
  for (const [what, from, to] of mutations) {
    it(`have tests that fail with a ${what}`, async function () {
      const promtool = programOrSkip(this, "promtool");
      const [rules = assert.fail(), ...tests] = await filesOf(
        section("- { name: a, service: shop, objective: 99.9, availability: }"),
      );
      const changed = rules.text.replaceAll(from, to);
      assert.notEqual(changed, rules.text);
      await assert.rejects(
        promtoolTest(promtool, [{ ...rules, text: changed }, ...tests]),
        /FAILED/,
      );
    });
  }
});
