import { styleText } from "node:util";

export type TextStyle = Parameters<typeof styleText>[0];

/** Styles text, or returns it unchanged. */
export type StyleText = (style: TextStyle, text: string) => string;

/** Creates a styler, with colours only for a terminal that supports them (https://no-color.org). */
export function createStyleText(stream: { isTTY?: boolean; hasColors?(): boolean }): StyleText {
  const colours = stream.isTTY === true && stream.hasColors?.() !== false;
  return colours
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_style, text) => text;
}
