import { excerpt } from "../diagnostics/escape-control-characters.ts";
import { quote } from "../config/mask.ts";
import { type ComparisonQuery, findRun } from "../viewer/comparison/compare-stored.ts";
import type { Run } from "../viewer/model.ts";
import { type CommandArguments, parseArguments } from "./arguments.ts";
import type { Answer } from "./viewer/answer.ts";
import { comparisonAnswer } from "./viewer/answers/comparison-answer.ts";
import { runsAnswer } from "./viewer/answers/runs-answer.ts";
import { lastText, readSourceOptions, SOURCE_HELP, sourceKinds } from "./viewer/command-options.ts";
import { type Limit, LIMIT_FORM, parseLimits } from "./viewer/limits.ts";
import { type ParsedCommand, runViewerCommand } from "./viewer/run-command.ts";
import { SourceError, type ViewerSource } from "./viewer/viewer-source.ts";

const HELP = `telltale compare [BEFORE AFTER] [options]

  Shows what has changed: what is slower, and which queries are new, gone or run
  more often, with their place in the source. Without BEFORE and AFTER, it
  compares the run before with the current one. A run is one start of the app.

  BEFORE, AFTER           two runs (an id, a baseline, current or previous), or
                          two ids of requests
  --baseline NAME         the side before; the side after is the current run
  --name ROUTE            only this route. Twice: two routes of the current run
  --fail-on LIMITS        ends with 1 if a route is beyond one of these, which
                          commas separate: p95>+20%, p95>250ms, queries>+1,
                          query-ms>+20%, errors>1%, new-queries>0
  --pin NAME              keeps the current run as this baseline
  --unpin NAME            keeps it no longer
  --runs                  lists the runs
${SOURCE_HELP}
  Noise: durations differ if the medians of 8 requests or more differ by 10% and
  a rank test finds that improbable; of fewer, if no duration of one side
  reaches those of the other, and the medians differ by half. An increase of p50
  or p95 counts only then. Of each route, the latest 100 requests are compared.

  An answer has 10 kB at most. Exit codes: 0 done, 1 beyond a limit, or nothing
  to compare with the limits, 2 wrong use, an unknown side, or no viewer and no
  history.
`;

const kinds = {
  ...sourceKinds,
  ...({ baseline: "text", name: "texts", "fail-on": "text" } as const),
  ...({ pin: "text", unpin: "text", runs: "flag" } as const),
} as const;

/** Options of a comparison, also for the tools of `telltale mcp`. */
export interface CompareOptions {
  readonly sides: readonly string[];
  readonly baseline: string | undefined;
  readonly names: readonly string[];
  readonly limits: readonly Limit[];
}

interface CompareCommandOptions extends CompareOptions {
  readonly pin: string | undefined;
  readonly unpin: string | undefined;
  readonly listsRuns: boolean;
}

/** Runs `telltale compare`. Returns the exit code. */
export function compare(args: readonly string[]): Promise<number> {
  return runViewerCommand(HELP, parse(args), answer);
}

function parse(args: readonly string[]): ParsedCommand<CompareCommandOptions> {
  const parsed = parseArguments(args, kinds, "second side", 2);
  const problems = [...parsed.problems];
  const [sides, baseline] = [parsed.positionals, lastText(parsed, "baseline")];
  if (sides.length === 1 && baseline === undefined)
    problems.push("expected two sides, or one with --baseline");
  if (sides.length === 2 && baseline !== undefined)
    problems.push("--baseline is the side before; expected one other side at most");
  const names = parsed.texts.get("name") ?? [];
  if (names.length > 2) problems.push("--name: received more than two routes");
  const options = {
    ...{ sides, baseline, names, limits: readLimits(parsed, problems) },
    pin: readBaselineName(parsed, "pin", problems),
    unpin: readBaselineName(parsed, "unpin", problems),
    listsRuns: parsed.flags.has("runs"),
  };
  const writes = options.pin !== undefined || options.unpin !== undefined;
  const source = readSourceOptions(parsed, problems, writes);
  return { source, options, flags: parsed.flags, problems };
}

function readLimits(parsed: CommandArguments, problems: string[]): readonly Limit[] {
  const text = lastText(parsed, "fail-on");
  if (text === undefined) return [];
  const { limits, problems: found } = parseLimits(text);
  problems.push(...found);
  if (limits.length + found.length === 0) problems.push(`--fail-on: expected ${LIMIT_FORM}`);
  return limits;
}

function readBaselineName(
  parsed: CommandArguments,
  option: "pin" | "unpin",
  problems: string[],
): string | undefined {
  const name = lastText(parsed, option);
  const reserved = name === "current" || name === "previous";
  if (name !== undefined && (reserved || !/^[\w./-]{1,60}$/.test(name)))
    problems.push(
      `--${option}: received ${quote(name)}, expected a name of 1 to 60 letters, digits, _ . / or -, ` +
        "other than current and previous",
    );
  return name;
}

async function answer(source: ViewerSource, options: CompareCommandOptions): Promise<Answer> {
  const { pin, unpin, listsRuns } = options;
  if (unpin !== undefined) await releaseBaseline(source, unpin);
  if (pin !== undefined) await pinBaseline(source, pin);
  if (listsRuns || pin !== undefined || unpin !== undefined)
    return runsAnswer(source.description, await source.runs());
  const found = await compareSides(source, options);
  return found;
}

async function pinBaseline(source: ViewerSource, name: string): Promise<void> {
  const current = findRun(await source.runs(), "current");
  if (current === undefined)
    throw new SourceError(`there is no run in the ${source.description}; start the app first`);
  await source.setBaseline(current.id, name);
}

async function releaseBaseline(source: ViewerSource, name: string): Promise<void> {
  const runs = (await source.runs()).filter(({ baseline }) => baseline === name);
  if (runs.length === 0) throw new SourceError(`there is no baseline ${excerpt(name, 60)}`);
  for (const { id } of runs) await source.setBaseline(id, undefined);
}

/**
 * Answers what has changed.
 *
 * @throws SourceError if a side is unknown.
 */
export async function compareSides(source: ViewerSource, options: CompareOptions): Promise<Answer> {
  const query = await queryOf(source, options);
  const comparison = await source.compare(query);
  const found = comparisonAnswer(source.description, comparison, options.limits);
  const isEmpty = comparison.before.count === 0 || comparison.after.count === 0;
  return { ...found, found: found.found || (isEmpty && options.limits.length > 0) };
}

async function queryOf(
  source: ViewerSource,
  { sides, baseline, names }: CompareOptions,
): Promise<ComparisonQuery> {
  const [name, nameAfter] = names;
  if (nameAfter !== undefined) {
    const [run = "current", after = run] = sides;
    return { before: run, after, kind: "route", name, nameAfter };
  }
  const kind = name === undefined ? "run" : "route";
  if (baseline !== undefined) return { before: baseline, after: sides[0] ?? "current", kind, name };
  const [before, after] = sides;
  if (before === undefined || after === undefined)
    return { before: "previous", after: "current", kind, name };
  const runs: readonly Run[] = await source.runs();
  const isRuns = [before, after].every((id) => findRun(runs, id) !== undefined);
  return { before, after, kind: isRuns || name !== undefined ? kind : "request", name };
}
