import type { UnitQuery } from "../viewer/viewer-store.ts";
import { parseArguments } from "./arguments.ts";
import type { Answer } from "./viewer/answer.ts";
import { PAGE_SIZE, requestsAnswer } from "./viewer/answers/requests-answer.ts";
import {
  FILTER_HELP,
  filterKinds,
  lastText,
  readChoice,
  readFilter,
  readNumber,
  readSourceOptions,
  repeatableOptions,
  SOURCE_HELP,
  sourceKinds,
} from "./viewer/command-options.ts";
import { type ParsedCommand, runViewerCommand } from "./viewer/run-command.ts";
import { exportTelemetry, importTelemetry } from "./viewer/transfer.ts";
import type { ViewerSource } from "./viewer/viewer-source.ts";

const HELP = `telltale requests [options]

  Lists the requests, jobs and messages that the viewer has received, after
  their figures by route. The latest come first, 20 in a page.

${FILTER_HELP}  --sort FIGURE           start, duration, queries or queryMs
  --order ORDER           desc (default) or asc
  --limit NUMBER          1 to 100; default: 20
  --cursor CURSOR         the next page, from the answer before
  --export FOLDER         writes them as OTLP JSON instead: traces.json,
                          logs.json and metrics.json, which other tools read
  --import FILE           reads a file of OTLP JSON into the history first; once
                          for each file
${SOURCE_HELP}
  An answer has 10 kB at most. Exit codes: 0 done, 2 wrong use, or no viewer and
  no history.
`;

const SORTS = ["start", "duration", "queries", "queryMs"] as const;
const MAX_LIMIT = 100;

/** Options that the command for the next page does not have. */
const OF_ONE_CALL: readonly string[] = ["cursor", "json", "help", "export", "import"];

const kinds = {
  ...filterKinds,
  ...sourceKinds,
  ...({ sort: "text", order: "text", limit: "text", cursor: "text" } as const),
  ...({ export: "text", import: "texts" } as const),
} as const;

interface RequestsOptions {
  readonly query: UnitQuery;
  readonly repeatable: string;
  readonly exportFolder: string | undefined;
  readonly importFiles: readonly string[];
}

/** Runs `telltale requests`. Returns the exit code. */
export function requests(args: readonly string[]): Promise<number> {
  return runViewerCommand<RequestsOptions>(HELP, parse(args), answer);
}

async function answer(source: ViewerSource, options: RequestsOptions): Promise<Answer> {
  const { query, repeatable, exportFolder, importFiles } = options;
  for (const file of importFiles) await importTelemetry(source, file);
  return exportFolder === undefined
    ? requestsAnswer(source, query, repeatable)
    : exportTelemetry(source, query, exportFolder);
}

function parse(args: readonly string[]): ParsedCommand<RequestsOptions> {
  const parsed = parseArguments(args, kinds);
  const problems = [...parsed.problems];
  const limit = readNumber(parsed, "limit", problems) ?? PAGE_SIZE;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    problems.push(`--limit: received ${limit}, expected 1 to ${MAX_LIMIT}`);
  const query: UnitQuery = {
    ...readFilter(parsed, problems),
    sort: readChoice(parsed, "sort", SORTS, problems),
    order: readChoice(parsed, "order", ["asc", "desc"], problems),
    limit,
    cursor: lastText(parsed, "cursor"),
  };
  const names = Object.keys(kinds).filter((name) => !OF_ONE_CALL.includes(name));
  const importFiles = parsed.texts.get("import") ?? [];
  const options = {
    ...{ query, repeatable: repeatableOptions(parsed, names) },
    ...{ exportFolder: lastText(parsed, "export"), importFiles },
  };
  const source = readSourceOptions(parsed, problems, importFiles.length > 0);
  return { source, options, flags: parsed.flags, problems };
}
