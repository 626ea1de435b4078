/** Cuts to `length` UTF-16 units, one less where that would halve a surrogate pair. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? length - 1 : length);
}

/**
 * `text.charCodeAt(at)`, for loops over any texts. V8 has many kinds of them
 * (flat, slices, joined, one byte or two), and a line that has seen more than four
 * looks the method up again for each letter, which took 60 instructions.
 */
export const codeAt: (text: string, at: number) => number = Function.prototype.call.bind(
  String.prototype.charCodeAt,
);
