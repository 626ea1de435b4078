import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { readEnvironment } from "../../env.ts";
import { printJson, printMessage, reportWrongUse } from "../command-output.ts";
import type { AdminTarget } from "../health/admin-targets.ts";
import { type FileResult, requestFile } from "../health/request-page.ts";
import { parseProfileOptions, type ProfileOptions } from "./options.ts";
import { linesOfSummary } from "./report.ts";
import { summaryOf } from "./top-functions.ts";

const HELP = `telltale profile [cpu|heap] [options]

  Records a CPU profile of the running app, or a profile of what it allocates,
  writes it to a file in the format of pprof, and prints the functions that took
  most. The app needs TELLTALE_PROFILING=on_demand. Host, port and certificate of
  its admin server are those of the app's variables, as for telltale health.
  TELLTALE_ADMIN_TOKEN must be set for both, to the same token.

  --seconds N    how long it is recorded, 10 by default, 60 at most
  --in-use       of the heap only what is still in use at the end
  --output FILE  default: a name with the time, in the current folder; a name that
                 ends in .cpuprofile or .heapprofile gets the format of V8
  --url URL      another admin server; the token is sent there
  --json         prints one JSON object
  --help

  The profile is that of the process with the port. In a cluster that is one of
  its processes.

  Exit codes: 0 recorded, 1 no response, or a refusal, 2 wrong use.
`;

const FOUND = 1;
/** Time beyond that of the recording, in milliseconds. */
const RESPONSE_TIMEOUT_MS = 30_000;
const MAX_BYTES = 100_000_000;
const TOP_COUNT = 10;

/** Runs `telltale profile`. Returns the exit code. */
export async function profile(args: readonly string[]): Promise<number> {
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const options = parseProfileOptions(args, readEnvironment());
  const { flags, problems, target } = options;
  if (flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  if (problems.length > 0 || target === undefined)
    return reportWrongUse(problems, flags.has("json"));
  try {
    const result = await requestProfile(target, options);
    return result.status === 200 ? save(result, options) : refused(result, target, options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failed(`${target.url.origin}: no profile: ${reason}`, options);
  }
}

function requestProfile(
  { url, token, certificate }: AdminTarget,
  options: ProfileOptions,
): Promise<FileResult> {
  const { kind, seconds, inUseOnly } = options;
  const address = new URL(url);
  address.searchParams.set("seconds", String(seconds));
  address.searchParams.set("format", hasV8Format(options) ? "v8" : "pprof");
  if (kind === "heap" && inUseOnly) address.searchParams.set("type", "inuse_space");
  const page = {
    method: "POST",
    url: address,
    headers: { authorization: `Bearer ${token}` },
    certificate,
    timeoutMs: seconds * 1000 + RESPONSE_TIMEOUT_MS,
  } as const;
  return requestFile(page, MAX_BYTES);
}

function hasV8Format({ output = "" }: ProfileOptions): boolean {
  return /\.(?:cpu|heap)profile$/.test(output);
}

function save({ name, content }: FileResult, options: ProfileOptions): number {
  const file = resolve(options.output ?? name ?? `${options.kind}.pb.gz`);
  writeFileSync(file, content);
  const summary = hasV8Format(options) ? undefined : summaryOf(content, TOP_COUNT);
  if (options.flags.has("json")) printJson({ status: "recorded", file, ...summary });
  else
    for (const line of [file, ...(summary === undefined ? [] : linesOfSummary(summary))])
      process.stdout.write(`${line}\n`);
  return 0;
}

function refused(
  { status, content }: FileResult,
  { url }: AdminTarget,
  options: ProfileOptions,
): number {
  const [line = ""] = content.toString("utf8", 0, 500).split("\n", 1);
  const reason = explanations[status] ?? (line === "" ? `status ${status}` : line);
  return failed(`${url.origin}: ${reason}`, options);
}

/** What to do about a status. */
const explanations: Readonly<Record<number, string>> = {
  401: "the app has another TELLTALE_ADMIN_TOKEN: set it to the same token for both",
  404: "the app records no profiles: set TELLTALE_PROFILING=on_demand in its environment, and restart it",
};

function failed(problem: string, { flags }: ProfileOptions): number {
  printMessage(problem);
  if (flags.has("json")) printJson({ status: "failed", problem });
  return FOUND;
}
