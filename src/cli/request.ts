import type { ProfileDetail, UnitDetail } from "../viewer/model.ts";
import { excerpt } from "../diagnostics/escape-control-characters.ts";
import { parseArguments } from "./arguments.ts";
import type { Answer } from "./viewer/answer.ts";
import { requestAnswer, spanAnswer } from "./viewer/answers/request-answer.ts";
import {
  lastText,
  readNumber,
  readSourceOptions,
  SOURCE_HELP,
  sourceKinds,
} from "./viewer/command-options.ts";
import { type ParsedCommand, runViewerCommand } from "./viewer/run-command.ts";
import { SourceError, type ViewerSource } from "./viewer/viewer-source.ts";

const HELP = `telltale request ID [options]

  Shows one request: its errors with their place in the source, repeated calls,
  stalls of the event loop, its spans, and its log. Equal spans are one line
  with their number, total and average; the 20 lines that take most time are
  shown.

  ID                      of telltale requests, or a span id or trace id
  --spans-from NUMBER     all lines of spans, 20 from this one on
  --span ID               one span: the whole text of a query, its parameters
                          and attributes
  --pin, --unpin          keeps it in the history, or no longer
${SOURCE_HELP}
  An answer has 10 kB at most. Exit codes: 0 done, 2 wrong use, an unknown id,
  or no viewer and no history.
`;

const kinds = {
  ...sourceKinds,
  ...({ span: "text", "spans-from": "text", pin: "flag", unpin: "flag" } as const),
} as const;

interface RequestCommandOptions {
  readonly id: string;
  readonly span: string | undefined;
  readonly spansFrom: number | undefined;
  readonly pinned: boolean | undefined;
}

/** Runs `telltale request`. Returns the exit code. */
export function request(args: readonly string[]): Promise<number> {
  return runViewerCommand(HELP, parse(args), answer);
}

function parse(args: readonly string[]): ParsedCommand<RequestCommandOptions> {
  const parsed = parseArguments(args, kinds, "id");
  const problems = [...parsed.problems];
  const { positional, flags } = parsed;
  if (positional === undefined)
    problems.push("expected the id of a request; telltale requests lists them");
  const spansFrom = readNumber(parsed, "spans-from", problems);
  if (spansFrom !== undefined && !(Number.isInteger(spansFrom) && spansFrom >= 1))
    problems.push(`--spans-from: received ${spansFrom}, expected a whole number from 1 on`);
  if (flags.has("pin") && flags.has("unpin")) problems.push("--pin and --unpin exclude each other");
  const pinned = flags.has("pin") ? true : flags.has("unpin") ? false : undefined;
  const options = { id: positional ?? "", span: lastText(parsed, "span"), spansFrom, pinned };
  const source = readSourceOptions(parsed, problems, pinned !== undefined);
  return { source, options, flags, problems };
}

async function answer(
  source: ViewerSource,
  { id, span, spansFrom, pinned }: RequestCommandOptions,
): Promise<Answer> {
  if (pinned !== undefined) await source.pin(id, pinned);
  return showRequest(source, id, { span, spansFrom });
}

/**
 * Answers what a request, or one of its spans, is about.
 *
 * @throws SourceError if there is none.
 */
export async function showRequest(
  source: ViewerSource,
  id: string,
  {
    span,
    spansFrom,
  }: { readonly span?: string | undefined; readonly spansFrom?: number | undefined },
): Promise<Answer> {
  const unit = await source.unit(id);
  if (unit === undefined)
    throw new SourceError(
      `there is no request ${excerpt(id, 40)} in the ${source.description}; telltale requests lists those there are`,
    );
  if (span !== undefined) return showSpan(source, unit, span);
  const profiles = await profilesOf(source, unit);
  return requestAnswer(source.description, unit, { spansFrom, profiles });
}

function showSpan(source: ViewerSource, unit: UnitDetail, id: string): Answer {
  const found = unit.spans.find(({ spanId }) => spanId === id || spanId.startsWith(id));
  if (found !== undefined) return spanAnswer(source.description, unit, found);
  throw new SourceError(
    `request ${excerpt(unit.summary.id, 40)} has no span ${excerpt(id, 40)}; telltale request lists its spans`,
  );
}

/** Profiles that are shown with a request: the latest ones. */
const MAX_PROFILES = 2;

async function profilesOf(source: ViewerSource, unit: UnitDetail): Promise<ProfileDetail[]> {
  const found = await Promise.all(
    unit.profiles.slice(-MAX_PROFILES).map(({ id }) => source.profile(id)),
  );
  return found.filter((one) => one !== undefined);
}
