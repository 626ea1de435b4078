import { readFileSync } from "node:fs";
import { environmentOf, inheritedEnvironment } from "../../env.ts";
import { projectFolderOf } from "../../viewer/project-folder.ts";
import { type AppProcess, appVariables, startApp } from "./app-process.ts";
import { baselineKey, Baselines } from "./baselines.ts";
import { commitOf } from "./commit.ts";
import { compareResults } from "./comparison.ts";
import { type BenchReport, findingsOf, formatMs } from "./document.ts";
import { BenchError, type Endpoint } from "./endpoint.ts";
import { type Block, rankedValue } from "./figures.ts";
import { measure } from "./measurement.ts";
import { type BenchOptions, parseBenchOptions } from "./options.ts";
import { jsonOf, terminalLines, writeReport } from "./output.ts";
import { Progress } from "./progress.ts";
import { countsPageOf } from "./request-counts.ts";
import { type BenchResult, endpointResult, machineOf } from "./result.ts";
import { freePort } from "../child-process.ts";
import { printJson, printMessage, reportWrongUse } from "../command-output.ts";
import { Interruption } from "../interruption.ts";
import { createStyleText } from "../../diagnostics/terminal-style.ts";
import { sortNumbers } from "../../viewer/percentile.ts";

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
  --timeout SECONDS      of a request; default: 10
  --clear-cache          runs clear_cache of the file before each block
  --warm-cache           runs warm_cache of the file before each block; without
                         it, requests the endpoint five times
  --save                 keeps the result as the baseline of the commit
  --compare [BASELINE]   a commit, a branch, a file .json; default: the latest
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
    if (report === undefined) return INTERRUPTED;
    print(report, options, isJson);
    return report.findings.length === 0 ? 0 : FOUND;
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
  for (const file of options.files) writeReport(file, report);
  if (isJson) {
    printJson(jsonOf(report));
    return;
  }
  const style = createStyleText(process.stdout);
  const lines = terminalLines(report, style, options.isVerbose);
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** @returns undefined if it was interrupted. */
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
  const result = await measureApp(options, project, interruption);
  if (result === undefined) return undefined;
  const comparison =
    baseline === undefined ? undefined : compareResults(baseline, result, options.tolerance);
  if (options.save) printMessage(`baseline ${baselines.save(result)}`);
  return { result, comparison, findings: findingsOf(result, comparison) };
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

function settingsOf(options: BenchOptions): BenchResult["settings"] {
  const { concurrency, clearCache, warmsCache } = options;
  return { concurrency, clearsCache: clearCache !== undefined, warmsCache };
}

async function measureApp(
  options: BenchOptions,
  project: string,
  interruption: Interruption,
): Promise<BenchResult | undefined> {
  const commit = await commitOf(project);
  const startedAt = new Date().toISOString();
  const progress = new Progress(process.stderr);
  const blocks = await measureStarted(options, progress, interruption);
  progress.end();
  if (interruption.hasOccurred) return undefined;
  const endpoints = [...blocks].map(([endpoint, own]) => endpointResult(endpoint, own));
  const isCounted = endpoints.some(({ figures }) => figures.queries !== undefined);
  return {
    ...{ version: 1, key: baselineKey(commit), commit: commit?.id, branch: commit?.branch },
    ...{ startedAt, machine: machineOf(), settings: settingsOf(options), endpoints },
    notes: isCounted ? [] : [NOT_COUNTED],
  };
}

const NOT_COUNTED =
  "no figures of queries and caches: the admin server of the app was not found; it needs the preload, and its port in OTEL_EXPORTER_PROMETHEUS_PORT";

async function measureStarted(
  options: BenchOptions,
  progress: Progress,
  interruption: Interruption,
): Promise<ReadonlyMap<Endpoint, readonly Block[]>> {
  const stop = new AbortController();
  void interruption.occurred.then(() => stop.abort());
  const { command, endpoints } = options;
  const inherited = inheritedEnvironment();
  const isStarted = command.length > 0;
  const variables = isStarted ? appVariables(inherited, await freePort()) : inherited;
  const url = endpoints[0]?.url ?? "";
  const app = isStarted ? await startApp(command, url, variables, stop.signal) : undefined;
  try {
    return await measure(options, {
      countsPage: countsPageOf(environmentOf(variables)),
      onStep: (step) => progress.update(step),
      onBlock: (endpoint, block) => {
        if (options.isVerbose) progress.print(blockLine(endpoint, block));
      },
      signal: stop.signal,
    });
  } finally {
    progress.end();
    await app?.stop();
    if (options.isVerbose) printOutput(app);
  }
}

function blockLine({ name }: Endpoint, { load, machineMs }: Block): string {
  const median = formatMs(rankedValue(sortNumbers(load.durations), 0.5));
  const failed = load.failures === 0 ? "" : `, ${load.failures} without a response`;
  return `${name}: ${load.durations.length} responses, median ${median}${failed}, calculation ${formatMs(machineMs)}`;
}

function printOutput(app: AppProcess | undefined): void {
  const lines = app?.output() ?? [];
  if (lines.length > 0) printMessage("the last lines of the app:");
  for (const line of lines) printMessage(`  ${line}`);
}
