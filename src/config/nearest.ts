/**
 * The known name that a mistyped one most probably stands for: the one that is
 * fewest slips away (letters added, missing, wrong or swapped), at most one for
 * every three letters; else the first that contains it, has all its letters in
 * order, or is contained in it. Undefined if nothing is near.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const slips = Math.max(1, Math.floor(word.length / 3));
  return slipped(word, known, slips) ?? overlapping(word, known);
}

/** The known name that is fewest slips away, and at most so many. */
export function slipped(word: string, known: Iterable<string>, slips: number): string | undefined {
  let best: string | undefined;
  let least = slips + 1;
  for (const name of known) {
    const distance = slipsBetween(word, name, least);
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

/** Too short a word is a part of everything. */
const SHORTEST_PART = 3;

function overlapping(word: string, known: readonly string[]): string | undefined {
  if (word.length < SHORTEST_PART) return undefined;
  return (
    known.find((name) => name.includes(word)) ??
    known.find((name) => hasInOrder(name, word)) ??
    known.find((name) => name.length >= SHORTEST_PART && word.includes(name))
  );
}

function hasInOrder(name: string, letters: string): boolean {
  let found = 0;
  for (const letter of name) if (letter === letters[found]) found++;
  return found === letters.length;
}

/**
 * Damerau-Levenshtein distance (restricted to swaps of neighbours), by rows;
 * `enough` where it is certain not to be below that.
 */
function slipsBetween(a: string, b: string, enough: number): number {
  if (Math.abs(a.length - b.length) >= enough) return enough;
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = nextRow(a, b, row, previous, older);
    [older, previous] = [previous, current];
  }
  return Math.min(previous[b.length] ?? enough, enough);
}

function nextRow(
  a: string,
  b: string,
  row: number,
  previous: readonly number[],
  older: readonly number[],
): number[] {
  const current = [row];
  for (let column = 1; column <= b.length; column++) {
    const same = a[row - 1] === b[column - 1];
    const replaced = at(previous, column - 1) + (same ? 0 : 1);
    let cost = Math.min(replaced, at(previous, column) + 1, at(current, column - 1) + 1);
    const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
    if (row > 1 && column > 1 && swapped) cost = Math.min(cost, at(older, column - 2) + 1);
    current.push(cost);
  }
  return current;
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
