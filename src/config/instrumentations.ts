import type { Config } from "./config.ts";
import { formatList } from "./value-types.ts";
import { quote, formatMasked } from "./mask.ts";
import { suggest } from "./suggest.ts";
import type { EnvironmentReader } from "./environment-reader.ts";
import { disabledInstrumentations, enabledInstrumentations, type Variable } from "./variables.ts";

/**
 * Reports unknown names of instrumentations. An unknown enabled name is always an
 * issue. An unknown disabled name is one only if it is a probable misspelling,
 * because configurations of other distributions disable instrumentations that don't
 * exist here.
 *
 * @param known the names of all instrumentations.
 */
export function checkInstrumentations(
  reader: EnvironmentReader,
  { enabled = [], disabled }: Config["instrumentations"],
  known: readonly string[],
): void {
  checkNames(reader, enabledInstrumentations, enabled, known);
  checkNames(reader, disabledInstrumentations, disabled.filter(isKnownOrMisspelt(known)), known);
}

function isKnownOrMisspelt(known: readonly string[]): (word: string) => boolean {
  return (word) => known.includes(word) || suggestionFor(word, known) !== undefined;
}

function checkNames(
  reader: EnvironmentReader,
  variable: Variable,
  words: readonly string[],
  known: readonly string[],
): void {
  const used = words.filter((word) => known.includes(word)).join(",") || "none";
  for (const word of words.filter((name) => !known.includes(name))) {
    const expected = formatList(known);
    reader.report(variable, {
      // A package name may contain an @ and is not an address.
      received: word.includes("://") ? formatMasked(word) : quote(word),
      expected,
      suggestion: suggestionFor(word, known),
      used,
    });
  }
}

function suggestionFor(word: string, known: readonly string[]): string | undefined {
  return suggest(word.toLowerCase(), known);
}
