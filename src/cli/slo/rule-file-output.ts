import { lstat, readFile, rename, rm, writeFile } from "node:fs/promises";

/** The first line of a written file, by which it is recognized. */
export const FIRST_LINE = "Written by telltale slo, which replaces changes by hand.";

/**
 * Writes a file of rules, whole or not at all: Prometheus may read it at any time.
 *
 * @returns what is wrong, if another file has this path.
 * @throws if the file can't be read or written.
 */
export async function writeRuleFile(file: string, text: string): Promise<string | undefined> {
  if (!(await isReplaceable(file)))
    return "--out: the file exists and is not written by telltale slo; expected another path";
  const part = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(part, text, { flag: "wx" });
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return undefined;
}

async function isReplaceable(file: string): Promise<boolean> {
  const stats = await lstat(file).catch(() => undefined);
  if (stats === undefined) return true;
  if (!stats.isFile()) return false;
  return (await readFile(file, "utf8")).startsWith(`# ${FIRST_LINE}\n`);
}
