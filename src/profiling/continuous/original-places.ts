import { SourcePositions } from "../source-positions.ts";

/** Where a function is; line and column from 1, 0 if unknown. */
export interface FunctionPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Maximum number of functions whose original places are kept. */
const MAX_PLACES = 20_000;

/** The original places of the app's functions, by source maps that are read once and not kept. */
export class OriginalPlaces {
  readonly #known = new Map<string, FunctionPlace>();

  /** Returns the original of a place, as far as `find` has found it; else the place. */
  of(place: FunctionPlace): FunctionPlace {
    return this.#known.get(keyOf(place)) ?? place;
  }

  /** Reads the maps of places that are new. The app runs between two files. */
  async find(places: Iterable<FunctionPlace>): Promise<void> {
    const byFile = new Map<string, FunctionPlace[]>();
    for (const place of places) {
      if (!isOwnCode(place) || this.#known.has(keyOf(place))) continue;
      const ofFile = byFile.get(place.file) ?? [];
      byFile.set(place.file, [...ofFile, place]);
    }
    if (this.#known.size > MAX_PLACES) this.#known.clear();
    for (const ofFile of byFile.values()) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#findIn(ofFile);
    }
  }

  #findIn(places: readonly FunctionPlace[]): void {
    const positions = new SourcePositions();
    for (const place of places) {
      const original = positions.originalOf(place.file, place.line, place.column);
      this.#known.set(keyOf(place), original ?? place);
    }
  }
}

function keyOf({ file, line, column }: FunctionPlace): string {
  return `${line}:${column}:${file}`;
}

function isOwnCode({ file, column }: FunctionPlace): boolean {
  const isFile = file !== "" && !file.startsWith("node:") && !file.startsWith("data:");
  return isFile && column > 0 && !/[\\/]node_modules[\\/]/.test(file);
}
