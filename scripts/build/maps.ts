import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { staging } from "./paths.ts";

interface SourceMap {
  readonly sources: readonly string[];
  sourcesContent: (string | null)[];
}

/** The files of the program and its commands, into which no debugger of an app steps. */
const PROGRAM = /^cli[.-]/;

/**
 * Keeps the sources of this project in the source maps of what runs in apps, and removes
 * those of other packages, which are nine tenths of the size.
 */
export function slimMaps(): void {
  for (const name of readdirSync(staging).filter((file) => file.endsWith(".map"))) {
    const path = join(staging, name);
    const map = JSON.parse(readFileSync(path, "utf8")) as SourceMap;
    map.sourcesContent = map.sourcesContent.map((text, i) =>
      PROGRAM.test(name) || map.sources[i]?.includes("node_modules/") ? null : text,
    );
    writeFileSync(path, JSON.stringify(map));
  }
}
