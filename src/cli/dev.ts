import { constants, setPriority } from "node:os";
import { readEnvironment } from "../env.ts";
import { projectFolderOf } from "../viewer/project-folder.ts";
import { openingAddress } from "../viewer/state-file.ts";
import { parseArguments } from "./arguments.ts";
import { printJson, printMessage, reportWrongUse } from "./command-output.ts";
import { runCommand } from "./dev/command.ts";
import { DEFAULT_PORT, type OpenViewer, openViewer, PortInUseError } from "./dev/open-viewer.ts";
import { HISTORY_HELP, type HistoryLimits, readHistoryOptions } from "./dev/history-options.ts";
import type { Exit } from "./child-process.ts";
import { ForwardedSignals } from "./dev/forwarded-signals.ts";
import { Interruption } from "./interruption.ts";

const HELP = `telltale dev [options] [-- COMMAND ...]

  Starts the viewer, and runs COMMAND with the preload: telltale dev -- npm run dev
  Prints the address of the viewer on stderr. COMMAND has the input, the output and
  the signals of telltale dev, whose exit code is that of COMMAND. Without COMMAND,
  only the viewer runs: start apps with TELLTALE_VIEWER=http://localhost:${DEFAULT_PORT}.

  A second telltale dev of the same project uses the viewer of the first one.

  --port N               port of the viewer; 0: any that is free
                         default: ${DEFAULT_PORT}, or the next one that is free
${HISTORY_HELP}
  --force                starts also under NODE_ENV=production
  --json                 prints one line of JSON: status, url, address, pid, joined
  --help

  Exit codes: that of COMMAND; without one: 0 ended by a signal, 2 wrong use.
`;

/** Runs `telltale dev`. Returns the exit code. */
export async function dev(args: readonly string[]): Promise<number> {
  const end = args.indexOf("--");
  const words = end === -1 ? [] : args.slice(end + 1);
  const options = parseArguments(end === -1 ? args : args.slice(0, end), {
    port: "text",
    "history-requests": "text",
    "history-size": "text",
    force: "flag",
    json: "flag",
    help: "flag",
  });
  const { flags } = options;
  if (flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  const port = parsePort(options.texts.get("port")?.at(-1));
  const history = readHistoryOptions(options.texts);
  const problems = [
    ...options.problems.map(withHint),
    ...(typeof port === "string" ? [port] : []),
    ...history.problems,
    ...(end !== -1 && words.length === 0 ? ["-- is not followed by a command"] : []),
    ...productionProblem(flags.has("force")),
  ];
  const isJson = flags.has("json");
  if (problems.length > 0 || typeof port === "string") return reportWrongUse(problems, isJson);
  try {
    const isForced = flags.has("force");
    return await start({ words, port, limits: history.limits, isJson, isForced });
  } catch (error) {
    if (error instanceof PortInUseError) return reportWrongUse([error.message], isJson);
    throw error;
  }
}

interface StartOptions {
  readonly words: readonly string[];
  readonly port: number | undefined;
  readonly limits: HistoryLimits;
  readonly isJson: boolean;
  readonly isForced: boolean;
}

async function start(options: StartOptions): Promise<number> {
  const { words, isJson, isForced } = options;
  if (words.length === 0) return runViewer(options);
  const signals = new ForwardedSignals();
  const viewer = await open(options);
  try {
    printAddress(viewer, isJson);
    const { first } = signals;
    const command = { words, viewerUrl: viewer.state.url, isForced, signals };
    const running =
      first === undefined ? runCommand(command) : Promise.resolve({ code: null, signal: first });
    // After the command has started, which would inherit it.
    yieldToApps();
    const exit = await running.catch(problemOf);
    if (typeof exit === "string") return reportWrongUse([exit], isJson);
    await viewer.close();
    signals.dispose();
    return endLike(exit);
  } finally {
    await viewer.close();
  }
}

/** Lets the apps run first where processors are few: the viewer works while they do. */
function yieldToApps(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not everywhere permitted.
  }
}

function open({ port, limits }: StartOptions): Promise<OpenViewer> {
  const project = projectFolderOf(process.cwd());
  return openViewer({ project, port, limits, print: printMessage });
}

/** Runs the viewer alone, until a signal. */
async function runViewer(options: StartOptions): Promise<number> {
  const interruption = new Interruption();
  const viewer = await open(options);
  printAddress(viewer, options.isJson);
  yieldToApps();
  // The server alone keeps no process alive once its pages are closed.
  const timer = setInterval(() => {}, MAX_TIMER_MS);
  if (!viewer.joined) await interruption.occurred;
  clearInterval(timer);
  await viewer.close();
  interruption.dispose();
  return 0;
}

/** The longest delay of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function printAddress({ state, joined }: OpenViewer, isJson: boolean): void {
  const address = openingAddress(state);
  if (isJson) printJson({ status: "running", url: state.url, address, pid: state.pid, joined });
  else process.stderr.write(`telltale viewer: ${address}\n`);
}

function problemOf(error: NodeJS.ErrnoException): string {
  return `the command can't be started: ${error.code ?? error.message}`;
}

/** Ends this process by the signal that has ended the command, so that its caller sees the same. */
function endLike({ code, signal }: Exit): number {
  if (signal !== null) process.kill(process.pid, signal);
  return code ?? 1;
}

/** @returns a problem if the text is no port. */
function parsePort(text: string | undefined): number | undefined | string {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  return `--port received ${JSON.stringify(text)}, expected a number from 0 to 65535`;
}

function productionProblem(isForced: boolean): string[] {
  if (isForced || readEnvironment().get("NODE_ENV") !== "production") return [];
  return [
    "NODE_ENV is production, where the viewer would show the data of users; use --force if this is no production",
  ];
}

function withHint(problem: string): string {
  return problem.startsWith("unexpected argument")
    ? "unexpected argument: the command follows --, as in telltale dev -- node app.js"
    : problem;
}
