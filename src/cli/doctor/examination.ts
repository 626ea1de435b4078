import { dirname } from "node:path";
import type { Environment } from "../../env.ts";
import {
  checkAdminPort,
  checkRunningPages,
  type AdminCheck,
  type RunningPages,
} from "./admin-check.ts";
import { checkAgents, checkLoggers } from "./agents.ts";
import { type App, readApp } from "./app.ts";
import { type CommandRun, runCommand } from "./command-run.ts";
import { checkStart, entryScript } from "./entry-script.ts";
import {
  checkEnvironment,
  otlpSignals,
  reportVariables,
  type ReportedVariable,
} from "./environment-check.ts";
import { type Finding, sortFindings } from "./finding.ts";
import { checkLibraries, type LibraryReport } from "./libraries-check.ts";
import type { ObservedRun } from "./observed-run.ts";
import type { DoctorOptions } from "./options.ts";
import { checkOtlp, type OtlpCheck } from "./otlp-check.ts";
import { checkRun } from "./run-check.ts";
import { checkSentry, type SentryCheck } from "./sentry-check.ts";
import { checkVendors } from "./vendor-check.ts";

/** All that doctor has found out. */
export interface Examination {
  readonly app: App;
  readonly findings: readonly Finding[];
  readonly variables: readonly ReportedVariable[];
  readonly libraries: readonly LibraryReport[];
  /** Undefined if nothing was sent. */
  readonly otlp: OtlpCheck | undefined;
  readonly sentry: SentryCheck | undefined;
  readonly admin: AdminCheck | undefined;
  readonly pages: RunningPages | undefined;
  readonly command: CommandRun | undefined;
}

/** Where doctor runs. */
export interface Place {
  readonly folder: string;
  readonly environment: Environment;
  /** Node's flags in `NODE_OPTIONS`. */
  readonly flags: readonly string[];
}

/**
 * Examines the app of a folder: its environment, its libraries and its endpoints; and what
 * its command does, if there is one.
 *
 * @throws Error if the command can't be started.
 */
export async function examine(options: DoctorOptions, place: Place): Promise<Examination> {
  const { folder, environment, flags } = place;
  const own = readApp(folder, environment, [...flags, ...flagsOf(options.command)]);
  const admin = own.config.disabled ? undefined : await checkAdminPort(own.config);
  const { command, pages } = await runApp(own, options);
  const run = command?.run;
  const app = run?.process === undefined ? own : observedApp(run, own);
  const script = run?.process?.script ?? entryScript(app);
  const { libraries, findings } = checkLibraries(app, run, script);
  const sends = !options.isOffline && !app.config.disabled;
  const signals = app.config.disabled ? [] : otlpSignals(app.config);
  const [otlp, sentry] = await Promise.all([
    sends ? checkOtlp(signals, app.attributes) : undefined,
    sends ? checkSentry(app) : undefined,
  ]);
  const all = [
    ...checkEnvironment(app),
    ...checkVendors(signals, app.config),
    ...(command === undefined ? checkStart(app, script) : checkRun(app, command)),
    ...checkAgents(app, run),
    ...checkLoggers(app),
    ...findings,
    ...(admin?.findings ?? []),
    ...(pages?.findings ?? []),
    ...(otlp?.findings ?? []),
    ...(sentry?.findings ?? []),
  ];
  return {
    app,
    findings: sortFindings(withoutConsequences(all)),
    variables: reportVariables(app, environment),
    libraries,
    otlp,
    sentry,
    admin,
    pages,
    command,
  };
}

/** Node's flags in a command: its words that begin with a dash, up to the script. */
function flagsOf([program = "", ...args]: readonly string[]): string[] {
  if (!/(^|[\\/])node(\.exe)?$/.test(program)) return [];
  const flags: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? "";
    if (!word.startsWith("-")) break;
    flags.push(word);
    if (/^(-r|--require|--import|--loader|--experimental-loader|-C|--conditions)$/.test(word))
      flags.push(args[++at] ?? "");
  }
  return flags;
}

async function runApp(
  { config }: App,
  options: DoctorOptions,
): Promise<{ readonly command?: CommandRun; readonly pages?: RunningPages }> {
  if (options.command.length === 0) return {};
  let pages: RunningPages | undefined;
  const command = await runCommand({
    ...options,
    adminPort: config.admin.port,
    usesStderr: options.asJson,
    whileRunning: async (run) => {
      if (run.ports.length > 0) pages = await checkRunningPages(configOf(run) ?? config);
    },
  });
  return { command, ...(pages !== undefined && { pages }) };
}

function configOf({ process }: ObservedRun): App["config"] | undefined {
  return process && readApp(process.cwd, new Map(process.environment), []).config;
}

/** The app with the environment and the flags of its own process, which its command may have set. */
function observedApp({ process }: ObservedRun, own: App): App {
  if (process === undefined) return own;
  const { script, cwd, environment, flags } = process;
  const isTool = script === undefined || /[\\/]node_modules[\\/]/.test(script);
  const ownFlags = flags.filter((flag) => !flag.endsWith("?doctor"));
  return readApp(isTool ? cwd : dirname(script), new Map(environment), ownFlags);
}

/** Leaves out what follows from another finding: telemetry is dropped because an endpoint is down. */
function withoutConsequences(findings: readonly Finding[]): Finding[] {
  const isEndpointDown = findings.some(({ id }) => /^(endpoint|tls|sentry)-/.test(id));
  const isPortTaken = findings.some(({ id }) => id === "prometheus-port-taken");
  return findings.filter(
    ({ id, message }) =>
      !(id === "telemetry-dropped" && isEndpointDown) &&
      !(
        isPortTaken &&
        (id === "prometheus-page" || (id === "message" && message.includes("port ")))
      ),
  );
}
