import { readFileSync } from "node:fs";
import { textOf } from "../alerts/alert-options.ts";
import type { CommandArguments } from "../arguments.ts";

/**
 * Returns the secret in the file that an option names, without white space at its ends.
 * Adds what is wrong to `problems`, without the content.
 */
export function readSecret(
  option: string,
  parsed: CommandArguments,
  problems: string[],
): string | undefined {
  const file = textOf(parsed, option);
  if (file === undefined) return undefined;
  try {
    const secret = readFileSync(file, "utf8").trim();
    if (secret !== "" && secret.length <= 4096 && !/\p{Cc}/u.test(secret)) return secret;
    problems.push(`--${option}: expected a file with one line, the secret`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    problems.push(`--${option}: the file can't be read (${code ?? message})`);
  }
  return undefined;
}
