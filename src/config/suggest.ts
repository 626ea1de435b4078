/**
 * Returns the known name that a misspelt word most probably means: the one with the
 * smallest edit distance (letters added, missing, wrong or swapped), at most one edit
 * for every three letters. Otherwise the first name that contains the word, has all
 * its letters in order, or is contained in it. Undefined if no name is similar.
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const maxEdits = Math.max(1, Math.floor(word.length / 3));
  return closest(word, known, maxEdits) ?? findOverlapping(word, known);
}

/** Returns the known name with the smallest edit distance, up to `maxEdits`. */
export function closest(
  word: string,
  known: Iterable<string>,
  maxEdits: number,
): string | undefined {
  let best: string | undefined;
  let minDistance = maxEdits + 1;
  for (const name of known) {
    const distance = editDistance(word, name, minDistance);
    if (distance < minDistance) [best, minDistance] = [name, distance];
  }
  return best;
}

/** A shorter word is part of too many names. */
const MIN_PART_LENGTH = 3;

function findOverlapping(word: string, known: readonly string[]): string | undefined {
  if (word.length < MIN_PART_LENGTH) return undefined;
  return (
    known.find((name) => name.includes(word)) ??
    known.find((name) => hasLettersInOrder(name, word)) ??
    known.find((name) => name.length >= MIN_PART_LENGTH && word.includes(name))
  );
}

function hasLettersInOrder(name: string, letters: string): boolean {
  let found = 0;
  for (const letter of name) if (letter === letters[found]) found++;
  return found === letters.length;
}

/**
 * Returns the Damerau-Levenshtein distance (restricted to swaps of adjacent letters),
 * computed by rows, or `limit` if the distance is not below it.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = nextRow(a, b, row, previous, older);
    [older, previous] = [previous, current];
  }
  return Math.min(previous[b.length] ?? limit, limit);
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
    const isSame = a[row - 1] === b[column - 1];
    const replaced = costAt(previous, column - 1) + (isSame ? 0 : 1);
    let cost = Math.min(replaced, costAt(previous, column) + 1, costAt(current, column - 1) + 1);
    const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
    if (row > 1 && column > 1 && isSwapped) cost = Math.min(cost, costAt(older, column - 2) + 1);
    current.push(cost);
  }
  return current;
}

function costAt(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
