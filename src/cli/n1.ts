import { parseArguments } from "./arguments.ts";
import { repeatedCallsAnswer } from "./viewer/answers/n1-answer.ts";
import {
  FILTER_HELP,
  filterKinds,
  readFilter,
  readSourceOptions,
  SOURCE_HELP,
  sourceKinds,
} from "./viewer/command-options.ts";
import { runViewerCommand } from "./viewer/run-command.ts";

const HELP = `telltale n1 [options]

  Lists N+1 calls: queries, commands or requests that one place in the source
  repeats for each item of a list, with their number, their time and what to do.

  --all                   also duplicates, and writes that can be one
${FILTER_HELP}${SOURCE_HELP}
  An answer has 10 kB at most. Exit codes: 0 there are none, 1 there are some, 2
  wrong use, or no viewer and no history.
`;

/** Runs `telltale n1`. Returns the exit code. */
export function n1(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args, { ...filterKinds, ...sourceKinds, all: "flag" });
  const problems = [...parsed.problems];
  const options = readFilter(parsed, problems);
  const source = readSourceOptions(parsed, problems);
  const { flags } = parsed;
  return runViewerCommand(HELP, { source, options, flags, problems }, (viewer, filter) =>
    repeatedCallsAnswer(viewer, filter, flags.has("all")),
  );
}
