/**
 * Reads the weight of an alternative in `Accept` or `Accept-Encoding`: 1 without one, 0
 * for one that is no number.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#section-12.4.2
 *
 * @param text the value of the parameter `q`.
 */
export function qualityOf(text: string | undefined): number {
  if (text === undefined) return 1;
  const quality = text === "" ? NaN : Number(text);
  return quality > 0 ? Math.min(quality, 1) : 0;
}
