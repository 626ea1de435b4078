import { readEnvironment } from "../../env.ts";
import { printJson, printMessage, reportWrongUse } from "../command-output.ts";
import { parseWarmOptions, type WarmOptions } from "./options.ts";
import { linesOfList, linesOfRuns } from "./report.ts";
import { listWarmers, type WarmResult, warmTarget } from "./warm-target.ts";

const HELP = `telltale warm [NAME ...] [options]

  Runs cache warmers of the running app, all of them without a NAME, and waits
  for their end. The app registers them by registerCacheWarmer. Host, port and
  certificate of its admin server are those of the app's variables, as for
  telltale health. TELLTALE_ADMIN_TOKEN must be set for both, to the same token.

  In a cluster they run in each process that has registered them, because each has
  caches of its own.

  --param KEY=VALUE  a parameter of the warmers, several times for several
  --list             shows the warmers, their last runs and the caches
  --url URL          another admin server, several times for several replicas;
                     the token is sent there
  --timeout SECONDS  how long the end of the runs is awaited, 300 by default
  --json             prints one JSON object
  --help

  Exit codes: 0 all have succeeded, 1 one has not, or no response, 2 wrong use.
`;

const FOUND = 1;
const WRONG_USE = 2;

/** Runs `telltale warm`. Returns the exit code. */
export async function warm(args: readonly string[]): Promise<number> {
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const options = parseWarmOptions(args, readEnvironment());
  if (options.flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.problems.length > 0)
    return reportWrongUse(options.problems, options.flags.has("json"));
  const request = options.flags.has("list") ? listWarmers : warmTarget;
  const results = await Promise.all(options.targets.map((target) => request(target, options)));
  report(results, options);
  return exitCodeOf(results);
}

function exitCodeOf(results: readonly WarmResult[]): number {
  if (results.some(({ isWrongUse }) => isWrongUse)) return WRONG_USE;
  return results.every(({ isSuccess }) => isSuccess) ? 0 : FOUND;
}

function report(results: readonly WarmResult[], { flags }: WarmOptions): void {
  for (const { url, problem } of results) {
    if (problem !== undefined) printMessage(`${url}: ${problem}`);
  }
  if (flags.has("json")) {
    const status = STATUS_OF_CODE[exitCodeOf(results)];
    const servers = results.map(({ url, problem, content }) => ({ url, problem, ...content }));
    printJson({ status, servers });
    return;
  }
  const isOne = results.length === 1;
  for (const { url, content } of results) {
    const lines = flags.has("list") ? linesOfList(content) : linesOfRuns(content);
    for (const line of lines) process.stdout.write(`${isOne ? "" : `${url} `}${line}\n`);
  }
}

const STATUS_OF_CODE: Readonly<Record<number, string>> = {
  0: "succeeded",
  [FOUND]: "failed",
  [WRONG_USE]: "wrong use",
};
