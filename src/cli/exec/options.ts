import { quote } from "../../config/mask.ts";
import { readSeconds, textOf } from "../alerts/alert-options.ts";
import { type CommandArguments, type OptionKinds, parseArguments } from "../arguments.ts";

const optionKinds = {
  tail: "text",
  timeout: "text",
  json: "flag",
  help: "flag",
} as const satisfies OptionKinds;

export interface ExecOptions {
  /** Name of the job and of its span. */
  readonly name: string;
  /** The command and its arguments. */
  readonly words: readonly string[];
  /** Lines of output to record if the command fails. */
  readonly tailLines: number;
  readonly timeoutMs: number;
  readonly flags: ReadonlySet<string>;
  /** All that is wrong, one line each, without secrets. */
  readonly problems: readonly string[];
}

const USE = "telltale exec NAME -- COMMAND";

/** Parses the arguments of `telltale exec`. Never throws. */
export function parseExecOptions(args: readonly string[]): ExecOptions {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const words = args.slice(end + 1);
  const parsed = parseArguments(args.slice(0, end), optionKinds, "name");
  const { flags } = parsed;
  const problems = [...parsed.problems];
  const name = parsed.positional?.trim() ?? "";
  if (name === "") problems.push(`there is no name: ${USE}`);
  if (words.length === 0 || words[0] === "") problems.push(`there is no command: ${USE}`);
  const tailLines = readLines(parsed, problems);
  const timeoutMs = readSeconds("timeout", 3, parsed, problems) * 1000;
  return { name, words, tailLines, timeoutMs, flags, problems };
}

const MAX_LINES = 1000;

function readLines(parsed: CommandArguments, problems: string[]): number {
  const text = textOf(parsed, "tail") ?? "20";
  if (/^\d{1,4}$/.test(text) && Number(text) <= MAX_LINES) return Number(text);
  problems.push(`--tail: received ${quote(text)}, expected a number from 0 to ${MAX_LINES}`);
  return 0;
}
