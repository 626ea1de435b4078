import { readFileSync } from "node:fs";
import { renderRuleFile, type RuleGroup } from "../ops/prometheus/rule-file.ts";
import { idOf, type Objective } from "../ops/slo/objective.ts";
import { sloRuleGroups } from "../ops/slo/rules.ts";
import { version } from "../version.ts";
import { printJson, printMessage, reportWrongUse } from "./command-output.ts";
import { bucketBoundaries } from "./slo/bucket-boundaries.ts";
import { parseSloOptions, type SloOptions } from "./slo/options.ts";
import { FIRST_LINE, writeRuleFile } from "./slo/rule-file-output.ts";

const HELP = `telltale slo --objective PERCENT [options]
telltale slo --from FILE [options]

  Writes rules for Prometheus: the ratio of failed requests by window, the error
  budget left, and alerts if it is spent too fast (multi-window, multi-burn-rate).
  A request fails with a status of 5xx, or if it is slower than the latency.

  --objective PERCENT          good requests, from 90 to 99.999: 99.9
  --latency DURATION           adds an objective of latency: 250ms, 2.5s. It has
                               to be a bucket boundary of the service, by default
                               or by TELLTALE_METRICS_BUCKETS
  --latency-objective PERCENT  default: that of --objective
  --name NAME                  begins the names of the objectives; default: requests
  --service NAME               only this service, by the label job; default: each
                               job has a budget of its own
  --route ROUTE                only this route (/orders/:id); once for each, with a
                               budget of its own
  --by-route                   each route has a budget of its own
  --period PERIOD              30d (default), 28d or 4w
  --from FILE                  objectives of Sloth (prometheus/v1), of OpenSLO
                               (openslo/v1), or of the section slo of
                               telltale.ops.yaml instead; once for each file
  --min-events NUMBER          fewer requests in the long window of an alert never
                               fire it; default: 20
  --out FILE                   default: stdout
  --json                       prints one JSON object
  --help

  Exit codes: 0 done, 1 the file can't be written, 2 wrong use.
  telltale ${version}
`;

const FAILED = 1;

/** Runs `telltale slo`. Returns the exit code. */
export async function slo(args: readonly string[]): Promise<number> {
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const { options, problems, flags } = parseSloOptions(args, bucketBoundaries(), (file) =>
    readFileSync(file, "utf8"),
  );
  if (flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  const asJson = flags.has("json");
  if (options === undefined) return reportWrongUse(problems, asJson);
  const groups = options.objectives.flatMap(sloRuleGroups);
  const text = renderRuleFile(header(options.objectives), groups);
  if (options.file === undefined) {
    process.stdout.write(asJson ? jsonResult(options, groups) : text);
    return 0;
  }
  try {
    const problem = await writeRuleFile(options.file, text);
    if (problem !== undefined) return reportWrongUse([problem], asJson);
  } catch (error) {
    printMessage(`the rules are not written: ${String(error)}`);
    if (asJson) printJson({ status: "failed" });
    return FAILED;
  }
  process.stdout.write(asJson ? jsonResult(options, groups) : `${summary(options, groups)}\n`);
  return 0;
}

function header(objectives: readonly Objective[]): string[] {
  return [
    FIRST_LINE,
    `Objectives: ${objectives.map((objective) => `${idOf(objective)} ${objective.percent}%`).join(", ")}.`,
    "Metrics and labels are those of telltale; names of rules and labels are Sloth's.",
  ];
}

function jsonResult({ objectives, file }: SloOptions, groups: readonly RuleGroup[]): string {
  const named = objectives.map((objective) => ({ id: idOf(objective), ...objective }));
  return `${JSON.stringify({ status: "done", file, objectives: named, groups })}\n`;
}

function summary({ objectives, file }: SloOptions, groups: readonly RuleGroup[]): string {
  const rules = groups.reduce((sum, group) => sum + group.rules.length, 0);
  return `${file}: ${rules} rules for ${objectives.map(idOf).join(", ")}`;
}
