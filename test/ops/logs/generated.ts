import { type LogFilesOptions, logFiles } from "../../../src/ops/logs/log-files.ts";
import { defaultLogOptions, type LogOptions } from "../../../src/ops/options/log-options.ts";

/** Returns the texts of the generated files by their paths below `logs/`. */
export function generated(
  options: Partial<LogOptions> = {},
  team: LogFilesOptions["team"] = "operations",
): ReadonlyMap<string, string> {
  const files = logFiles({ team, logs: { ...defaultLogOptions, ...options } });
  return new Map(files.map(({ path, text }) => [path.replace(/^logs\//, ""), text]));
}

/** @throws Error if there is no such file. */
export function generatedFile(path: string, options: Partial<LogOptions> = {}): string {
  const text = generated(options).get(path);
  if (text === undefined) throw new Error(`${path} is not generated`);
  return text;
}
