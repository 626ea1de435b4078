import { readFileSync } from "node:fs";
import { inheritedEnvironment } from "../../env.ts";
import { projectFolderOf } from "../../viewer/project-folder.ts";
import { Baselines } from "./baselines.ts";
import { BenchRun } from "./bench-run.ts";
import type { BenchReport } from "./document.ts";
import { BenchError } from "./endpoint.ts";
import { type BenchOptions, parseBenchOptions, settingsOf } from "./options.ts";
import { jsonOf, terminalLines, writeReport } from "./output.ts";
import type { BenchResult } from "./result.ts";
import { printJson, printMessage, reportWrongUse } from "../command-output.ts";
import { Interruption } from "../interruption.ts";
import { createStyleText } from "../../diagnostics/terminal-style.ts";

const HELP = `telltale bench [TARGET ...] [options] [-- COMMAND ...]

  Measures endpoints of an app: durations, errors, and as the app counts them,
  queries and cache lookups of each request. A target is a path, an address, or
  a name in telltale.bench.yaml, also with a method: "POST /orders". Without
  targets, all endpoints of the file are measured.

  With COMMAND, starts the app with the preload, waits until it listens, and
  ends it afterwards. Without, the app runs already.

  --url URL              address of the app, for targets that are paths
  --config FILE          default: telltale.bench.yaml, if there is one
  --header "NAME: VALUE" of all requests; once for each
  --body TEXT            of all requests
  --iterations N         requests of each endpoint; default: 500
  --duration TIME        instead of --iterations: such as 10s for each endpoint
  --warm-up N            requests before, which are not measured; default: 50
  --concurrency N        connections, each one request at a time; default: 1
  --blocks N             parts in which endpoints alternate; default: 10
  --max-blocks N         parts while a comparison is unclear; default: 40
  --timeout SECONDS      of a request; default: 10
  --clear-cache          runs clear_cache of the file before each block
  --warm-cache           runs warm_cache of the file before each block; without
                         it, requests the endpoint five times
  --save                 keeps the result as the baseline of the commit
  --compare [BASELINE]   a commit, a branch, a file .json; default: the latest
  --against APP          compares with another app in the same run: a folder with
                         a checkout, in which COMMAND is started, or an address
  --tolerance PERCENT    the smallest change that counts; default: 10%
  --baselines FOLDER     default: .telltale/bench of the project
  --out FILE             writes .md, .json or .html with charts; once for each
  --verbose              prints each block, statuses, and the app's last lines
  --json                 prints one JSON object
  --help

  Exit codes: 0 done, 1 an endpoint needs work, or is slower or has more queries
  than its baseline, 2 wrong use, or nothing that can be measured.
`;

const FOUND = 1;
/** The exit code that shells use for Ctrl-C. */
const INTERRUPTED = 130;

/** Runs `telltale bench`. Returns the exit code. */
export async function bench(args: readonly string[]): Promise<number> {
  const variables = inheritedEnvironment();
  const { options, problems, flags } = parseBenchOptions(args, { readFile, variables });
  if (flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  const isJson = flags.has("json");
  if (options === undefined) return reportWrongUse(problems, isJson);
  const interruption = new Interruption();
  try {
    const report = await run(options, interruption);
    if (report !== undefined) print(report, options, isJson);
    if (interruption.hasOccurred) return INTERRUPTED;
    return report?.findings.length === 0 ? 0 : FOUND;
  } catch (error) {
    if (error instanceof BenchError) return reportWrongUse(error.message.split("\n"), isJson);
    throw error;
  } finally {
    interruption.dispose();
  }
}

function readFile(file: string): string {
  return readFileSync(file, "utf8");
}

function print(report: BenchReport, options: BenchOptions, isJson: boolean): void {
  // A part of the figures does not replace a report.
  for (const file of report.isInterrupted ? [] : options.files) writeReport(file, report);
  if (isJson) {
    printJson(jsonOf(report));
    return;
  }
  const style = createStyleText(process.stdout);
  const lines = terminalLines(report, style, options.isVerbose);
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** @returns undefined if it was interrupted before anything was measured. */
async function run(
  options: BenchOptions,
  interruption: Interruption,
): Promise<BenchReport | undefined> {
  const project = projectFolderOf(process.cwd());
  const baselines = new Baselines(project, options.baselines);
  // Read first: a baseline that is missing is reported before all is measured.
  const baseline =
    options.compare === undefined ? undefined : await baselines.find(options.compare);
  if (baseline !== undefined) refuseOtherSettings(baseline, options);
  const report = await new BenchRun(options, project, baseline).report(interruption);
  if (options.save && report?.isInterrupted === false)
    printMessage(`baseline ${baselines.save(report.result)}`);
  return report;
}

/** @throws BenchError if the baseline was measured in another way. */
function refuseOtherSettings({ key, settings }: BenchResult, options: BenchOptions): void {
  const wanted = settingsOf(options);
  for (const name of ["concurrency", "clearsCache", "warmsCache"] as const) {
    if (settings[name] === wanted[name]) continue;
    throw new BenchError(
      `--compare: ${key} was measured with ${SETTING_NAMES[name]} ${settings[name]}, received ${wanted[name]}; expected the same`,
    );
  }
}

const SETTING_NAMES = {
  concurrency: "--concurrency",
  clearsCache: "--clear-cache",
  warmsCache: "--warm-cache",
} as const;
