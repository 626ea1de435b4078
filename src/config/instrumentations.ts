import type { Config } from "./config.ts";
import { listed } from "./kinds.ts";
import { quoted, shownText } from "./mask.ts";
import { nearest } from "./nearest.ts";
import type { Reader } from "./reader.ts";
import { disabledInstrumentations, enabledInstrumentations, type Variable } from "./variables.ts";

/**
 * Complains of names of instrumentations that there are not. Who enables one
 * waits for it in vain. To disable one does no harm, and configurations made for
 * other distributions do: there only a name that is nearly one of ours was meant
 * to have an effect.
 *
 * @param known the names that there are.
 */
export function checkInstrumentations(
  reader: Reader,
  { enabled = [], disabled }: Config["instrumentations"],
  known: readonly string[],
): void {
  check(reader, enabledInstrumentations, enabled, known);
  check(reader, disabledInstrumentations, disabled.filter(isNear(known)), known);
}

function isNear(known: readonly string[]): (word: string) => boolean {
  return (word) => known.includes(word) || meant(word, known) !== undefined;
}

function check(
  reader: Reader,
  variable: Variable,
  words: readonly string[],
  known: readonly string[],
): void {
  const used = words.filter((word) => known.includes(word)).join(",") || "none";
  for (const word of words.filter((name) => !known.includes(name))) {
    const expected = listed(known);
    reader.complain(variable, {
      // A package's name has an @ and is no address.
      received: word.includes("://") ? shownText(word) : quoted(word),
      expected,
      nearest: meant(word, known),
      used,
    });
  }
}

function meant(word: string, known: readonly string[]): string | undefined {
  return nearest(word.toLowerCase(), known);
}
