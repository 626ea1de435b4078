import { suggest } from "../config/suggest.ts";
import { explain, explainedNames } from "../ops/explanation.ts";
import { generateFiles } from "../ops/generate.ts";
import type { OpsOptions } from "../ops/options/ops-options.ts";
import type { OutputFile } from "../ops/output-file.ts";
import type { Reference } from "../ops/references/reference.ts";
import { version } from "../version.ts";
import { printJson, printMessage, reportWrongUse } from "./command-output.ts";
import { readOpsConfig } from "./ops/config-file.ts";
import { compareFolder, type FileDifference, writeFolder } from "./ops/folder.ts";
import { findMissingNames } from "./ops/missing-names.ts";
import { type OpsCommandOptions, parseOpsArguments } from "./ops/options.ts";
import { PrometheusApi, PrometheusError } from "./prometheus/prometheus-api.ts";

const HELP = `telltale ops [--config FILE] [--out DIR]
telltale ops --check [--config FILE] [--out DIR]
telltale ops --prometheus URL [--check] [--config FILE] [--out DIR]
telltale ops --explain NAME

  Writes what runs a service in production: rules, alerts, objectives and scrape
  configurations for Prometheus, routes for Alertmanager, dashboards for Grafana,
  log pipelines, manifests for Kubernetes, runbooks, and tests of the alerts.
  Commit the folder. The same options always write the same files, and no
  network is needed. With --prometheus, the names in the options (services,
  routes, metrics, labels, jobs, queues) are looked up in a Prometheus, too.

  --config FILE    default: telltale.ops.yaml, which may be missing
  --out DIR        the folder; default: ops
  --check          writes nothing, and reports what in the folder is out of step
  --explain NAME   what an alert means, and what to do; what a panel shows
  --force          replaces files that were changed by hand
  --prometheus URL the HTTP API, such as http://localhost:9090; reports each name
                   that it has not had in the last 7 days
  --prometheus-token-file FILE
                   a bearer token
  --prometheus-password-file FILE
                   the password of the user in the URL
  --timeout SECONDS
                   of all questions to Prometheus; default: 30
  --json           prints one JSON object
  --help

  Exit codes: 0 done, 1 the folder is out of step or can't be written, a name is
  missing in Prometheus, or it can't be asked, 2 wrong use.
  telltale ${version}
`;

const FAILED = 1;

/** Runs `telltale ops`. Returns the exit code. */
export async function ops(args: readonly string[]): Promise<number> {
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const { options: command, problems } = parseOpsArguments(args);
  if (command.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (problems.length > 0) return reportWrongUse(problems, command.asJson);
  const config = await readOpsConfig(command.configFile, command.isConfigNamed);
  if (config.problems.length > 0) return reportWrongUse(config.problems, command.asJson);
  const { options, references } = config;
  if (command.action === "explain") return printExplanation(command, options);
  const folder =
    command.action === "check"
      ? await checkFolder(command, options)
      : await replaceFolder(command, options);
  const names = await lookUp(command, references);
  const results = names === undefined ? [folder] : [folder, names];
  for (const { lines, problems } of results) {
    for (const problem of problems) printMessage(problem);
    if (!command.asJson) process.stdout.write(lines.map((line) => `${line}\n`).join(""));
  }
  const isDone = results.every(({ json }) => json["status"] === "done");
  if (command.asJson) printJson({ ...folder.json, ...(names && { prometheus: names.json }) });
  return isDone ? 0 : FAILED;
}

/** The result of one part of the command. */
interface PartResult {
  /** What is printed on stdout. */
  readonly lines: readonly string[];
  /** What is printed on stderr. */
  readonly problems: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
}

function printExplanation(command: OpsCommandOptions, options: OpsOptions): number {
  const { name, asJson } = command;
  const text = explain(name, options);
  if (text === undefined) {
    const suggestion = suggest(name, explainedNames(options));
    const note = suggestion === undefined ? "" : `, did you mean ${suggestion}?`;
    return reportWrongUse([`--explain: nothing has this name${note}`], command.asJson);
  }
  if (asJson) printJson({ status: "done", name, text });
  else process.stdout.write(text);
  return 0;
}

async function checkFolder(command: OpsCommandOptions, options: OpsOptions): Promise<PartResult> {
  const { folder } = command;
  const differences = await compare(folder, generateFiles(options));
  if (typeof differences === "string") return failure([differences]);
  const wrong = differences.filter(({ state }) => state !== "current");
  const status = wrong.length === 0 ? "done" : "out of step";
  const lines =
    wrong.length === 0
      ? [`${folder}: ${differences.length} files are current`]
      : wrong.map(({ path, state }) => `${folder}/${path}: ${state}`);
  return { lines, problems: [], json: { status, folder, files: wrong } };
}

async function replaceFolder(command: OpsCommandOptions, options: OpsOptions): Promise<PartResult> {
  const { folder, overwrites } = command;
  const files = generateFiles(options);
  const differences = await compare(folder, files);
  if (typeof differences === "string") return failure([differences]);
  const withState = (state: FileDifference["state"]): string[] =>
    differences.filter((file) => file.state === state).map(({ path }) => path);
  const edited = withState("edited");
  if (edited.length > 0 && !overwrites)
    return failure(
      edited.map(
        (path) =>
          `${folder}/${path}: changed by hand; move the change to ${command.configFile}, or replace it with --force`,
      ),
    );
  try {
    await writeFolder(folder, files, withState("left over"));
  } catch (error) {
    return failure([`${folder}: can't be written: ${messageOf(error)}`]);
  }
  const changed = differences.filter(({ state }) => state !== "current").length;
  return {
    lines: [`${folder}: ${files.length} files, ${changed} changed`],
    problems: [],
    json: { status: "done", folder, files: files.map(({ path }) => path), changed },
  };
}

/** @returns a text if the folder can't be read. */
async function compare(
  folder: string,
  files: readonly OutputFile[],
): Promise<readonly FileDifference[] | string> {
  try {
    return await compareFolder(folder, files);
  } catch (error) {
    return `${folder}: can't be read: ${messageOf(error)}`;
  }
}

function failure(problems: readonly string[]): PartResult {
  return { lines: [], problems, json: { status: "failed", problems } };
}

/** Looks the names of the options up in Prometheus. Undefined: it is not to be asked. */
async function lookUp(
  { prometheus, timeoutMs, configFile }: OpsCommandOptions,
  references: readonly Reference[],
): Promise<PartResult | undefined> {
  if (prometheus === undefined) return undefined;
  try {
    const api = new PrometheusApi(prometheus, timeoutMs);
    const missing = await findMissingNames(references, api, new Date());
    const lines = missing.map(({ message }) => message);
    const status = missing.length === 0 ? "done" : "missing names";
    const summary = `Prometheus has the ${references.length} names of ${configFile}`;
    return {
      lines: missing.length === 0 ? [summary] : lines,
      problems: [],
      json: { status, names: references.length, missing },
    };
  } catch (error) {
    if (!(error instanceof PrometheusError)) throw error;
    const reason = `the names are not looked up: ${error.message}`;
    return failure([reason]);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
