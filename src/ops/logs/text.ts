/** Renders comment lines, with the sign of the language. */
export function comment(lines: readonly string[], sign = "#"): string {
  return lines.map((line) => (line === "" ? sign : `${sign} ${line}`)).join("\n");
}

/** Quotes a text for YAML, JSON, Alloy, Lua and VRL alike. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** Indents each line that is not empty. */
export function indent(text: string, width: number): string {
  return text.replaceAll(/^(?=.)/gm, " ".repeat(width));
}

/** Renders each item by a function, on lines of its own. */
export function each<Item>(items: readonly Item[], render: (item: Item) => string): string {
  return items.map(render).join("\n");
}
