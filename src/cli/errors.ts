import { parseArguments } from "./arguments.ts";
import { errorsAnswer } from "./viewer/answers/errors-answer.ts";
import {
  FILTER_HELP,
  filterKinds,
  readFilter,
  readSourceOptions,
  SOURCE_HELP,
  sourceKinds,
} from "./viewer/command-options.ts";
import { runViewerCommand } from "./viewer/run-command.ts";

const HELP = `telltale errors [options]

  Lists what failed lately: failed requests by route, equal errors as one with
  their place in the source, and connection pools without a free connection.

${FILTER_HELP}${SOURCE_HELP}
  An answer has 10 kB at most. Exit codes: 0 nothing failed, 1 something did, 2
  wrong use, or no viewer and no history.
`;

/** Runs `telltale errors`. Returns the exit code. */
export function errors(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args, { ...filterKinds, ...sourceKinds });
  const problems = [...parsed.problems];
  const options = readFilter(parsed, problems);
  const source = readSourceOptions(parsed, problems);
  return runViewerCommand(HELP, { source, options, flags: parsed.flags, problems }, errorsAnswer);
}
