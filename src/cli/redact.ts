import { fstatSync } from "node:fs";
import type { RedactionConfig } from "../config/config.ts";
import { parseConfig } from "../config/parse.ts";
import { formatIssues } from "../config/report.ts";
import { readEnvironment } from "../env.ts";
import { version } from "../version.ts";
import { parseArguments } from "./arguments.ts";
import { reportWrongUse } from "./command-output.ts";
import { linesOf } from "./redact/input-lines.ts";
import { LineRedaction } from "./redact/line-redaction.ts";
import { JsonPlaces, PrintedText, type RedactOutput, TextPlaces } from "./redact/output.ts";

const HELP = `telltale redact [options] < FILE

  Shows what the policy of secrets would replace in log lines or any other text,
  and never the secrets themselves. The policy is that of TELLTALE_REDACT. A line
  that is a JSON object or list is read as fields, any other as text.

  --print   prints the text without its secrets, instead of their places
  --json    prints one JSON object
  --help

  Exit codes: 0 nothing is secret, 1 something is, 2 wrong use.
  telltale ${version}
`;

const FOUND = 1;

/** Runs `telltale redact`. Returns the exit code. */
export async function redact(args: readonly string[]): Promise<number> {
  const { flags, problems } = parseArguments(args, { print: "flag", json: "flag", help: "flag" });
  if (flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const wrong = [...problems, ...wrongCombination(flags)];
  if (wrong.length > 0) return reportWrongUse(wrong, flags.has("json"));
  try {
    return await inspect(process.stdin, outputOf(flags));
  } catch (error) {
    // A folder as standard input, for instance.
    return reportWrongUse([`the input can't be read (${String(error)})`], false);
  }
}

function* wrongCombination(flags: ReadonlySet<string>): IterableIterator<string> {
  if (flags.has("print") && flags.has("json")) yield "--print and --json exclude each other";
  if (process.stdin.isTTY || fstatSync(0).isDirectory())
    yield "there is no input: telltale redact < FILE";
}

function outputOf(flags: ReadonlySet<string>): RedactOutput {
  if (flags.has("print")) return new PrintedText();
  return flags.has("json") ? new JsonPlaces() : new TextPlaces();
}

/** @returns the exit code. */
async function inspect(input: NodeJS.ReadStream, output: RedactOutput): Promise<number> {
  const redaction = new LineRedaction(readPolicy(), report);
  let lines = 0;
  let places = 0;
  let longLines = 0;
  await write(output.begin());
  for await (const line of linesOf(input)) {
    lines = line.number;
    if (line.isPart) longLines++;
    const found = redaction.redact(line);
    places += found.places.length;
    await write(output.line(line, found));
  }
  if (longLines > 0)
    report(
      "long",
      "a line of more than 1 MB was read in parts; a secret where two of them meet is not found",
    );
  await write(output.end({ lines, secrets: places }));
  return places === 0 ? 0 : FOUND;
}

/** Returns the policy of the environment, after what is wrong with it was reported. */
function readPolicy(): RedactionConfig | undefined {
  const own = [...readEnvironment()].filter(([name]) => name === "TELLTALE_REDACT");
  const { config, issues } = parseConfig(new Map(own));
  if (issues.length > 0) process.stderr.write(formatIssues(issues));
  if (config.redaction === undefined)
    report("none", "TELLTALE_REDACT is none, so nothing is redacted");
  return config.redaction;
}

/** Waits for a slow reader, so that a large input is never in memory. A reader that is gone is none. */
async function write(text: string): Promise<void> {
  if (text === "") return;
  await new Promise<void>((resolve) => {
    if (process.stdout.write(text, () => resolve())) resolve();
  });
}

function report(_key: string, message: string): void {
  process.stderr.write(`telltale: ${message}\n`);
}
