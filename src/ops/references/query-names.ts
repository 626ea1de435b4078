/** What is no name of a metric, and may contain words: matchers, ranges, lists of labels. */
const OTHERS: readonly RegExp[] = [
  /\{[^{}]{0,9999}\}/g,
  /\[[^[\]]{0,999}\]/g,
  /\b(?:by|without|on|ignoring|group_left|group_right)\s?\([\w\s,:]{0,999}\)/gi,
  /\boffset [-\w]{1,99}/gi,
];
/** A word that begins with a letter, and whether a parenthesis follows: then it is a function. */
const WORDS = /(?<![\w.:])([A-Za-z_:][\w:]{0,199})\s?(\(?)/g;

const KEYWORDS = new Set([
  ...["and", "or", "unless", "bool", "by", "without", "on", "ignoring", "group_left"],
  ...["group_right", "offset", "inf", "nan", "start", "end"],
]);

/** Returns the names of metrics in PromQL, as far as they can be recognized without parsing it. */
export function metricNamesIn(query: string): string[] {
  const text = OTHERS.reduce(
    (left, other) => oneSpaced(left.replaceAll(other, " ")),
    oneSpaced(withoutTexts(query)),
  );
  const words = [...text.matchAll(WORDS)].filter(
    ([, word = "", parenthesis]) => parenthesis === "" && !KEYWORDS.has(word.toLowerCase()),
  );
  return [...new Set(words.map(([, word = ""]) => word))];
}

function oneSpaced(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

/** Removes what is in quotes, which may contain anything. */
function withoutTexts(query: string): string {
  let text = "";
  let quote = "";
  for (let at = 0; at < query.length; at++) {
    const character = query[at] ?? "";
    if (quote === "") {
      if (`"'\``.includes(character)) quote = character;
      else text += character;
    } else if (character === "\\" && quote !== "`") at++;
    else if (character === quote) quote = "";
  }
  return text;
}
