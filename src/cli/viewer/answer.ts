import { renderBounded, type View } from "./bounded-view.ts";
import { DATA_NOTE, JSON_DATA_NOTE } from "./telemetry-text.ts";

/** The answer of a command or a tool, before it is printed. */
export interface Answer<Shown extends View = View> {
  readonly view: Shown;
  /** Returns the lines of the answer as a text. */
  lines(view: Shown): readonly string[];
  /** Whether it has found what it looks for: errors, N+1 queries, a regression. */
  readonly found: boolean;
}

/** Returns the text of an answer, with a line end. */
export function answerText(answer: Answer): string {
  return renderBounded(
    answer.view,
    (shown) => `${[...answer.lines(shown), "", DATA_NOTE].join("\n")}\n`,
  );
}

/** Returns an answer as one JSON object, with a line end. */
export function answerJson({ view, found }: Answer): string {
  const status = found ? "found" : "done";
  return renderBounded(
    view,
    (shown) => `${JSON.stringify({ status, note: JSON_DATA_NOTE, ...shown })}\n`,
  );
}
