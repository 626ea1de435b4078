import { styleText } from "node:util";

export type TextStyle = Parameters<typeof styleText>[0];

/** Paints text, or leaves it as it is. */
export type StyleText = (style: TextStyle, text: string) => string;

/** Colours only where a person looks at a terminal that wants them (https://no-color.org). */
export function createStyleText(stream: { isTTY?: boolean; hasColors?(): boolean }): StyleText {
  const colours = stream.isTTY === true && stream.hasColors?.() !== false;
  return colours
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_style, text) => text;
}
