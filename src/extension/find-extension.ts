import { existsSync } from "node:fs";
import type { Config, ModuleReference } from "../config/config.ts";
import { appPath } from "../resource/attributes.ts";
import { packageAbove } from "../resource/package.ts";

/** The files beside the app's `package.json`, of which the first is used. */
const FILES = ["js", "mjs", "cjs", "ts", "mts", "cts"].map((ending) => `telltale.config.${ending}`);

export interface FoundExtension {
  readonly reference: ModuleReference;
  /** The variable or the file, for messages. */
  readonly source: string;
}

/** Finds the app's extension: the module of the variable, or else a file of the app. Never throws. */
export function findExtension({
  extension,
}: Pick<Config, "extension">): FoundExtension | undefined {
  if (extension?.specifier === "none") return undefined;
  if (extension !== undefined) return { reference: extension, source: "TELLTALE_EXTENSION" };
  const app = appPath();
  const folder = app === undefined ? undefined : packageAbove(app)?.folder;
  if (folder === undefined) return undefined;
  const file = FILES.find((name) => existsSync(`${folder}/${name}`));
  if (file === undefined) return undefined;
  return { reference: { specifier: `./${file}`, folder }, source: file };
}
