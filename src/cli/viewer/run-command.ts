import { reportWrongUse } from "../command-output.ts";
import { type Answer, answerJson, answerText } from "./answer.ts";
import type { SourceOptions } from "./command-options.ts";
import { openSource } from "./open-source.ts";
import { SourceError, type ViewerSource } from "./viewer-source.ts";

/** The arguments of a command that reads from the viewer. */
export interface ParsedCommand<Options> {
  readonly source: SourceOptions;
  readonly options: Options;
  readonly flags: ReadonlySet<string>;
  /** All that is wrong, one line each. */
  readonly problems: readonly string[];
}

const FOUND = 1;

/**
 * Runs a command that reads from the viewer, and prints its answer.
 *
 * @returns the exit code.
 */
export async function runViewerCommand<Options>(
  help: string,
  parsed: ParsedCommand<Options>,
  answer: (source: ViewerSource, options: Options) => Promise<Answer>,
): Promise<number> {
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const { flags, problems, options } = parsed;
  if (flags.has("help")) {
    process.stdout.write(help);
    return 0;
  }
  const asJson = flags.has("json");
  if (problems.length > 0) return reportWrongUse(problems, asJson);
  let source: ViewerSource | undefined;
  try {
    source = await openSource(parsed.source, process.cwd());
    const found = await answer(source, options);
    process.stdout.write(asJson ? answerJson(found) : answerText(found));
    return found.found ? FOUND : 0;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return reportWrongUse([error.message], asJson);
  } finally {
    source?.close();
  }
}
