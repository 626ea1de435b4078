/** Truncates to `length` UTF-16 units, one less where that would split a surrogate pair. */
export function truncate(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? length - 1 : length);
}

/** Removes each `character` at the end, in linear time: `/x+$/` starts again at each `x`. */
export function trimEndOf(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text.charAt(end - 1) === character) end--;
  return text.slice(0, end);
}

/**
 * Returns `text.charCodeAt(at)`, for loops over any strings. V8 has many kinds of
 * strings (flat, sliced, concatenated, one byte or two), and a call site that has seen
 * more than four looks the method up for each letter, which took 60 instructions.
 */
export const codeAt: (text: string, at: number) => number = Function.prototype.call.bind(
  String.prototype.charCodeAt,
);

/**
 * Remembers the results of recent texts. There are two generations: results that are
 * read again outlive a flood of texts that are seen once.
 */
export class RecentResults<Result> {
  readonly #capacity: number;
  #recent = new Map<string, Result>();
  #older = new Map<string, Result>();

  /** @param capacity of each generation. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(text: string): Result | undefined {
    const recent = this.#recent.get(text);
    if (recent !== undefined) return recent;
    const older = this.#older.get(text);
    if (older !== undefined) this.set(text, older);
    return older;
  }

  set(text: string, result: Result): void {
    if (this.#recent.size >= this.#capacity) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(text, result);
  }
}
