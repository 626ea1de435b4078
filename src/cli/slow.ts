import type { UnitFilter } from "../viewer/viewer-store.ts";
import { type CommandArguments, parseArguments } from "./arguments.ts";
import type { Answer } from "./viewer/answer.ts";
import { slowAnswer } from "./viewer/answers/slow-answer.ts";
import {
  FILTER_HELP,
  filterKinds,
  readChoice,
  readFilter,
  readSourceOptions,
  SOURCE_HELP,
  sourceKinds,
} from "./viewer/command-options.ts";
import { plural } from "./viewer/figures.ts";
import { runViewerCommand } from "./viewer/run-command.ts";
import type { ViewerSource } from "./viewer/viewer-source.ts";

const HELP = `telltale slow [options]

  Lists the routes, those with the highest 95th percentile first, and where the
  time of their slowest requests goes: repeated calls, stalls of the event loop,
  the spans that take most time.

  --profile-next KIND     asks the app to profile its next request instead, of
                          the route of --name: cpu or allocation. Make a
                          request, then see telltale request ID
${FILTER_HELP}${SOURCE_HELP}
  An answer has 10 kB at most. Exit codes: 0 done, 2 wrong use, or no viewer and
  no history.
`;

const kinds = { ...filterKinds, ...sourceKinds, "profile-next": "text" } as const;

interface SlowOptions {
  readonly filter: UnitFilter;
  readonly profile: "cpu" | "allocation" | undefined;
}

/** Runs `telltale slow`. Returns the exit code. */
export function slow(args: readonly string[]): Promise<number> {
  const parsed: CommandArguments = parseArguments(args, kinds);
  const problems = [...parsed.problems];
  const filter = readFilter(parsed, problems);
  const profile = readChoice(parsed, "profile-next", ["cpu", "allocation"], problems);
  const source = readSourceOptions(parsed, problems);
  const options: SlowOptions = { filter, profile };
  return runViewerCommand(HELP, { source, options, flags: parsed.flags, problems }, answer);
}

async function answer(source: ViewerSource, { filter, profile }: SlowOptions): Promise<Answer> {
  if (profile === undefined) return slowAnswer(source, filter);
  const apps = await source.profileNext(filter.name, profile);
  return {
    view: { source: source.description, profile, apps },
    lines: () => [
      `${plural(apps, "app")} will record a ${profile} profile of the next request` +
        `${filter.name === undefined ? "" : " of that route"} (${source.description})`,
    ],
    found: false,
  };
}
