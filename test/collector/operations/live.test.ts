import assert from "node:assert/strict";
import { collectorBinary } from "../../../scripts/collector/build.ts";
import { generateFiles } from "../../../src/ops/generate.ts";
import { defaultOptions } from "../../../src/ops/options/ops-options.ts";
import {
  expressionsOf,
  type GeneratedExpression,
} from "../../operations/expressions/generated-expressions.ts";
import { goToolOrSkip, programOrSkip } from "../../programs.ts";
import { type LivePaths, startLivePaths } from "./live-paths.ts";
import { outcomeOf } from "./outcome.ts";
import { kindAt, type ProvenExpression, readProof, writeProof } from "./proof.ts";
import { prove } from "./prove.ts";
import { designedSilences } from "./silence.ts";

/** How long the load lasts at least, in seconds. For the committed run: 600. */
const LOAD_SECONDS = Number(process.env["TEST_LIVE_SECONDS"] ?? 40);
const versions = ["2.42", "3.16"] as const;

interface EvaluatedRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

describe("Rules and dashboards, over live metrics of services with faults", () => {
  const files = generateFiles(defaultOptions);
  const rules = files.filter(
    ({ path, text }) => path.startsWith("prometheus/") && /^groups:/mu.test(text),
  );
  const expressions = distinct(expressionsOf(files));
  let live: LivePaths;
  let proven: readonly ProvenExpression[];

  before(async function () {
    this.timeout(60 * 60_000);
    const programs = {
      alertmanager: programOrSkip(this, "prometheus-alertmanager"),
      blackbox: programOrSkip(this, "prometheus-blackbox-exporter"),
      prometheus: {
        "2.42": programOrSkip(this, "prometheus"),
        "3.16": await goToolOrSkip(this, "prometheus"),
      },
      collector: await collectorBinary(),
    };
    this.timeout(60 * 60_000);
    const start = Date.now() / 1000;
    live = await startLivePaths(programs, rules);
    await new Promise((resolve) => setTimeout(resolve, LOAD_SECONDS * 1000));
    proven = await prove(live.paths, expressions, start);
    if (process.env["TEST_LIVE_WRITE"] === undefined) return;
    const servers = live.paths.map(({ path, version }) => ({ path, version }));
    writeProof({ seconds: LOAD_SECONDS, servers, expressions: proven });
  });

  after(() => live?.stop());

  for (const version of versions) {
    for (const path of ["page", "gateway", "written"] as const) {
      const indexOfServer = (): number =>
        live.paths.findIndex((each) => each.path === path && each.version === version);

      it(`evaluate without an error: Prometheus ${version}, ${path}`, async () => {
        const { prometheus } = live.paths[indexOfServer()]!;
        const { groups } = await prometheus.request<{
          groups: readonly { rules: readonly EvaluatedRule[] }[];
        }>("rules");
        const evaluated = groups.flatMap((group) => group.rules);
        assert.ok(evaluated.length >= expressions.filter(isRule).length);
        const failed = evaluated.filter(({ health }) => health !== "ok");
        assert.deepEqual(
          failed.map(({ name, lastError }) => `${name}: ${lastError}`),
          [],
        );
      });

      it(`return data, or are silent by design: Prometheus ${version}, ${path}`, () => {
        const server = indexOfServer();
        const empty = proven.filter((one) => kindAt(one, server) === "empty");
        const lines = empty.map(({ file, name, expr }) => `${file}, ${name}:\n  ${expr}`);
        assert.equal(lines.join("\n"), "");
      });
    }
  }

  it("are reported as empty if no service has the metric", async () => {
    const range = { start: Date.now() / 1000 - 60, end: Date.now() / 1000 };
    const base = { file: "", name: "", labels: {} };
    const wrong = [
      { ...base, use: "panel", expr: "rate(http_server_duration_seconds_count[1m])" },
      { ...base, use: "alert", expr: 'up{job="unknown"} == 0' },
      { ...base, use: "panel", expr: "up > 1" },
      { ...base, use: "runbook", expr: "system_memory_used_bytes < 0" },
      { ...base, use: "runbook", expr: "system_memory_limit_bytes / (up > 1)" },
      { ...base, use: "runbook", expr: "(system_memory_limit_bytes and up > 1) > 0" },
    ] as const;
    for (const expression of wrong) {
      for (const { prometheus } of live.paths) {
        const { kind } = await outcomeOf(expression, prometheus, range);
        assert.equal(kind, "empty", expression.expr);
      }
    }
  });

  it("depend on the machine only in conditions on its own metrics", async () => {
    const range = { start: Date.now() / 1000 - 60, end: Date.now() / 1000 };
    const rows = [
      ["system_memory_limit_bytes < 0", "does not hold"],
      ["system_memory_limit_bytes > 0", "data"],
      ["deriv(system_filesystem_usage_bytes[1m]) > Inf", "does not hold"],
    ] as const;
    for (const [expr, expected] of rows) {
      for (const { prometheus } of live.paths) {
        const runbook = { file: "", name: "", labels: {}, use: "runbook", expr } as const;
        assert.equal((await outcomeOf(runbook, prometheus, range)).kind, expected, expr);
      }
    }
  });

  it("have no designed silence that never happens", () => {
    const used = new Set(proven.map(({ reason }) => reason));
    const needless = designedSilences.filter(
      ({ reason, isTimed = false }) => !isTimed && !used.has(reason),
    );
    assert.deepEqual(
      needless.map(({ of }) => String(of)),
      [],
    );
  });

  it("are those of the tables in docs/operations-proof.md (to record them: TEST_LIVE_WRITE=1)", () => {
    const committed = readProof().expressions.map(keyOf);
    assert.deepEqual(committed.toSorted(), expressions.map(keyOf).toSorted());
  });
});

function distinct(expressions: readonly GeneratedExpression[]): readonly GeneratedExpression[] {
  return [...new Map(expressions.map((one) => [keyOf(one), one])).values()];
}

function keyOf({ file, name, expr }: Pick<GeneratedExpression, "file" | "name" | "expr">): string {
  return `${file}, ${name}: ${expr}`;
}

/** The manifests for Kubernetes have the same rules once more. */
function isRule({ file, use }: GeneratedExpression): boolean {
  if (!file.startsWith("prometheus/")) return false;
  return use === "record" || use === "alert";
}
