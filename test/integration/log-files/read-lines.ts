import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** A line of a log file. */
export type Line = Readonly<Record<string, unknown>>;

/** Returns the texts of a log file and its rotated files, by name. */
export async function readLogFiles(folder: string, file: string): Promise<Map<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${file}.log`));
  const texts = new Map<string, string>();
  for (const name of names) {
    const content = await readFile(join(folder, name));
    texts.set(name, (name.endsWith(".gz") ? gunzipSync(content) : content).toString());
  }
  return texts;
}

/**
 * Returns the lines of a log file and its rotated files.
 *
 * @throws SyntaxError for a line that is no JSON.
 */
export async function readLines(folder: string, file: string): Promise<Line[]> {
  const texts = [...(await readLogFiles(folder, file)).values()];
  return texts.flatMap((text) => linesIn(text)).map((line) => JSON.parse(line) as Line);
}

export function linesIn(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
