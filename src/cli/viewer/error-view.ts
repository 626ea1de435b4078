import type { ErrorDetail, SourcePlace } from "../../viewer/model.ts";
import { roundMs } from "./figures.ts";
import { cutText, quoteName, quotePlace, quoteText, TEXT_LIMITS } from "./telemetry-text.ts";
import { placeText } from "./unit-view.ts";

interface SourceLine {
  readonly line: number;
  readonly text: string;
}

/** An error of a request, with texts that are cut. */
export interface ErrorView {
  readonly type: string;
  readonly message: string;
  readonly atMs?: number;
  /** The first frame of the app's own code. */
  readonly place?: string;
  /** The frames of the app's own code below it. */
  readonly calledFrom: readonly string[];
  /** Lines of the source around the place. */
  readonly source: readonly SourceLine[];
}

const MAX_FRAMES = 4;

/** That of Linux. */
const MAX_PATH = 4096;

/** Lines of source before and after that of the error. */
const CONTEXT_LINES = 2;

export function errorView(error: ErrorDetail): ErrorView {
  const outside = error.frames.filter((frame) => !isOwn(frame));
  const [first = outside[0], ...others] = error.frames.filter(isOwn);
  const place = placeText(first);
  return {
    type: cutText(error.type, TEXT_LIMITS.name),
    message: cutText(error.message, TEXT_LIMITS.message),
    ...(error.offsetMs !== undefined && { atMs: roundMs(error.offsetMs) }),
    ...(place !== undefined && { place }),
    calledFrom: others.slice(0, MAX_FRAMES).map((frame) => placeText(frame) ?? ""),
    source: sourceLines(error),
  };
}

/** Whether a frame is the app's own code: in the folder of the project. */
function isOwn({ shown }: SourcePlace): boolean {
  const path = shown.slice(0, MAX_PATH);
  return !/^(?:[/\\]|[A-Za-z]:|node:)/.test(path) && !path.includes("node_modules");
}

function sourceLines({ source }: ErrorDetail): SourceLine[] {
  if (source === undefined) return [];
  const { firstLine, lines, place } = source;
  return lines.flatMap((line, at) => {
    const number = firstLine + at;
    if (Math.abs(number - place.line) > CONTEXT_LINES) return [];
    return [{ line: number, text: cutText(line, TEXT_LIMITS.value) }];
  });
}

/** Returns the lines of an error in an answer as a text. */
export function errorLines(error: ErrorView): string[] {
  const { type, message, place, calledFrom, source } = error;
  return [
    `${quoteName(type)}: ${quoteText(message)}`,
    ...(place === undefined ? [] : [`  at ${quotePlace(place)}`]),
    ...calledFrom.map((frame) => `  from ${quotePlace(frame)}`),
    ...source.map(({ line, text }) => `    ${line} ${quoteText(text)}`),
  ];
}
