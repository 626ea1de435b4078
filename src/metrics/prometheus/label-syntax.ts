import { escapeQuoted, quotedLabel } from "./escaping.ts";

/** How a format writes labels. */
export interface LabelSyntax {
  /** Returns the start of a label: the name, and all up to the value. */
  readonly start: (name: string) => string;
  readonly label: (name: string, value: string) => string;
  readonly separator: string;
}

export const textLabels: LabelSyntax = {
  start: (name) => `${quotedLabel(name)}="`,
  label: (name, value) => `${quotedLabel(name)}="${escapeQuoted(value)}"`,
  separator: ",",
};

/**
 * Labels as fields 1 of a message, `LabelPair` with the fields 1 `name` and 2 `value`, in a
 * text with one character for each byte: a text can be a key of a map, and can be joined.
 */
export const protobufLabels: LabelSyntax = {
  start: (name) => `${field("\n", bytesOf(name))}\x12`,
  label: (name, value) => field("\n", field("\n", bytesOf(name)) + field("\x12", bytesOf(value))),
  separator: "",
};

function field(tag: string, content: string): string {
  return tag + varint(content.length) + content;
}

function varint(value: number): string {
  let text = "";
  let rest = value;
  for (; rest > 127; rest >>>= 7) text += String.fromCharCode((rest & 127) | 128);
  return text + String.fromCharCode(rest);
}

/** Returns the bytes of a text in UTF-8, as characters. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}
