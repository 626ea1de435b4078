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
