import { readFileSync } from "node:fs";
import { parseConfig } from "../config/parse.ts";
import { formatIssues } from "../config/report.ts";
import { readEnvironment } from "../env.ts";
import { createInstrumentDescriptor } from "../metrics/descriptor.ts";
import { applyViews } from "../metrics/views.ts";
import { renderRuleFile, type RuleGroup } from "../ops/prometheus/rule-file.ts";
import { idOf, type Objective } from "../ops/slo/objective.ts";
import { sloRuleGroups } from "../ops/slo/rules.ts";
import { version } from "../version.ts";
import { parseSloOptions, type SloOptions } from "./slo/options.ts";
import { FIRST_LINE, writeRuleFile } from "./slo/rule-file-output.ts";

const HELP = `telltale slo --objective PERCENT [options]
telltale slo --from FILE [options]

  Writes rules for Prometheus: the ratio of failed requests by window, the error
  budget left, and alerts if it is spent too fast (multi-window, multi-burn-rate).
  The period is 30 days. A request fails with a status of 5xx, or if it is slower
  than the latency.

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
  --from FILE                  objectives of Sloth (prometheus/v1) instead
  --min-events NUMBER          fewer requests in the long window of an alert never
                               fire it; default: 20
  --out FILE                   default: stdout
  --json                       prints one JSON object
  --help

  Exit codes: 0 done, 1 the file can't be written, 2 wrong use.
  telltale ${version}
`;

const FAILED = 1;
const WRONG_USE = 2;

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
    report(`the rules are not written: ${String(error)}`);
    if (asJson) process.stdout.write(`${JSON.stringify({ status: "failed" })}\n`);
    return FAILED;
  }
  process.stdout.write(asJson ? jsonResult(options, groups) : `${summary(options, groups)}\n`);
  return 0;
}

/** Returns the boundaries of the durations of requests, in seconds, by the variables of the environment. */
function bucketBoundaries(): readonly number[] {
  const own = [...readEnvironment()].filter(([name]) => name === "TELLTALE_METRICS_BUCKETS");
  const { config, issues } = parseConfig(new Map(own));
  if (issues.length > 0) process.stderr.write(formatIssues(issues));
  const name = "http.server.request.duration";
  const histogram = createInstrumentDescriptor("histogram", name, { unit: "s" }, report);
  const { views } = config.metrics;
  const changed = views === undefined ? histogram : applyViews(views, histogram);
  return (changed ?? histogram).boundaries;
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

function reportWrongUse(problems: readonly string[], asJson: boolean): number {
  for (const problem of problems) report(problem);
  if (asJson) process.stdout.write(`${JSON.stringify({ status: "wrong use", problems })}\n`);
  return WRONG_USE;
}

function report(message: string): void {
  process.stderr.write(`telltale: ${message}\n`);
}
