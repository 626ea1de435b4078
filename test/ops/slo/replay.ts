import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";

const run = promisify(execFile);

/** Minutes with this many events each; `gap` is one without scrapes, and `reset` begins at 0 again. */
export type Phase = readonly [minutes: number, each: number, kind?: "gap" | "reset"];

/** A counter, sampled every minute. */
export interface Counter {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly phases: readonly Phase[];
}

/** Minutes with this value; undefined is no series. */
export type Level = readonly [minutes: number, value: number | undefined];

/** A gauge, sampled every minute. */
export interface Gauge {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly levels: readonly Level[];
}

export interface Check {
  /** In minutes. */
  readonly at: number;
  readonly expr: string;
  /** Values by series in PromQL's notation. */
  readonly samples: Readonly<Record<string, number>>;
}

/** Evaluates rules each minute over the series, by `promtool test rules`. Rejects if a check fails. */
export async function replay(
  promtool: string,
  rules: string,
  series: readonly (Counter | Gauge)[],
  checks: readonly Check[],
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "slo-replay-"));
  try {
    const [ruleFile, testFile] = [join(folder, "slo.yaml"), join(folder, "test.yaml")];
    await writeFile(ruleFile, rules);
    await writeFile(testFile, JSON.stringify(testOf(groupsOf(rules), series, checks)));
    await run(promtool, ["check", "rules", ruleFile]);
    await run(promtool, ["test", "rules", testFile]).catch((error: Error & { stdout?: string }) => {
      throw new Error(error.stdout, { cause: error });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Returns the names of the groups, in the order of the file. */
function groupsOf(rules: string): readonly string[] {
  const { groups } = parse(rules) as { groups: readonly { name: string }[] };
  return groups.map(({ name }) => name);
}

/** @param groups promtool evaluates them at random without their order: alerts may be a step late. */
function testOf(
  groups: readonly string[],
  series: readonly (Counter | Gauge)[],
  checks: readonly Check[],
): object {
  return {
    rule_files: ["slo.yaml"],
    group_eval_order: groups,
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: series.map(({ name, labels, ...values }) => ({
          series: `${name}{${Object.entries(labels)
            .map(([label, text]) => `${label}="${text}"`)
            .join(",")}}`,
          values: "phases" in values ? valuesOf(values.phases) : levelsOf(values.levels),
        })),
        promql_expr_test: checks.map(({ at, expr, samples }) => ({
          expr,
          eval_time: `${at}m`,
          exp_samples: Object.entries(samples).map(([labels, value]) => ({ labels, value })),
        })),
      },
    ],
  };
}

/** Writes phases in promtool's notation: `start+step x times`. */
function valuesOf(phases: readonly Phase[]): string {
  let value = 0;
  return phases
    .map(([minutes, each, kind]) => {
      if (kind === "gap") {
        value += minutes * each;
        return `_x${minutes}`;
      }
      const first = kind === "reset" ? 0 : value;
      value = first + minutes * each;
      return `${first + each}+${each}x${minutes - 1}`;
    })
    .join(" ");
}

function levelsOf(levels: readonly Level[]): string {
  return levels
    .map(([minutes, value]) => (value === undefined ? `_x${minutes}` : `${value}+0x${minutes - 1}`))
    .join(" ");
}
