import { truncate } from "../text.ts";

const MAX_MESSAGE_IN_STACK = 1_000;

/**
 * Truncates a message, or a stack with its message, so that the frames after that remain. Other
 * values, which an error may have too, are left to the attribute's check.
 */
export function boundText(text: string, message: string | undefined, maxLength: number): string {
  if (typeof text !== "string") return text;
  const isLong = typeof message === "string" && message.length > MAX_MESSAGE_IN_STACK;
  const at = isLong ? text.indexOf(message) : -1;
  if (!isLong || at === -1) return truncate(text, maxLength);
  const head = `${text.slice(0, at)}${truncate(message, MAX_MESSAGE_IN_STACK)}`;
  return truncate(`${head}…${text.slice(at + message.length)}`, maxLength);
}
