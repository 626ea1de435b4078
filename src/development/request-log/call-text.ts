import { relative, sep } from "node:path";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";

/** A place in the source of the app, as far as it is shown. */
export interface ShownPlace {
  readonly file: string;
  readonly line: number;
  readonly function?: string | undefined;
}

/** Returns a statement in one line without control characters. */
export function statementText(text: string, maxLength: number): string {
  return excerpt(text.replaceAll(/\s+/g, " ").trim(), maxLength);
}

/** Returns a place in the app, below the working directory without it: ` at src/orders.js:42 (load)`. */
export function placeText(place: ShownPlace | undefined): string {
  if (place === undefined) return "";
  const { file, line, function: name } = place;
  const below = relative(process.cwd(), file);
  const short = below.startsWith("..") || below.startsWith(sep) ? file : below;
  return excerpt(` at ${short}:${line}${name === undefined ? "" : ` (${name})`}`, MAX_PLACE);
}

const MAX_PLACE = 300;

/** Returns a time for reading: `0.4 ms`, `48 ms`, `2.35 s`. */
export function durationText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** Returns a number with its noun. */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
