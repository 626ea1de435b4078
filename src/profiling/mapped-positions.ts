import { callFramesOf } from "./call-frames.ts";
import { SourcePositions } from "./source-positions.ts";

/** The place of a function, and where it is in its original file. */
export interface MappedPosition {
  /** As V8 reports it. */
  readonly url: string;
  readonly line: number;
  readonly column: number;
  /** Path of the original file. */
  readonly file: string;
  readonly originalLine: number;
  readonly originalColumn: number;
}

/** Maximum number of functions. */
const MAX_FUNCTIONS = 5_000;

/**
 * Returns the original places of the app's functions in a profile, by source maps. The
 * app runs between two files: reading a map may take some milliseconds.
 */
export async function mappedPositions(profile: unknown): Promise<MappedPosition[]> {
  const byUrl = new Map<string, Set<string>>();
  let count = 0;
  for (const { url, lineNumber, columnNumber } of callFramesOf(profile)) {
    if (typeof url !== "string" || !isOwnCode(url)) continue;
    if (++count > MAX_FUNCTIONS) break;
    const places = byUrl.get(url) ?? new Set<string>();
    byUrl.set(url, places.add(`${Number(lineNumber)}:${Number(columnNumber)}`));
  }
  const positions = new SourcePositions();
  const mapped: MappedPosition[] = [];
  for (const [url, places] of byUrl) {
    await new Promise((resolve) => setImmediate(resolve));
    mapped.push(...mapFile(url, places, positions));
  }
  return mapped;
}

function mapFile(
  url: string,
  places: ReadonlySet<string>,
  positions: SourcePositions,
): MappedPosition[] {
  return [...places].flatMap((place) => {
    const [line, column] = place.split(":").map((part) => Number(part) + 1) as [number, number];
    const original = positions.originalOf(url, line, column);
    if (original === undefined) return [];
    const { file, line: originalLine, column: originalColumn } = original;
    return [{ url, line, column, file, originalLine, originalColumn }];
  });
}

function isOwnCode(url: string): boolean {
  return url !== "" && !url.startsWith("node:") && !/[\\/]node_modules[\\/]/.test(url);
}
