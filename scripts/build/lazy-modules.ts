import { globSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import type { Plugin } from "esbuild";
import { fileOf } from "../../src/lazy.ts";
import { root } from "./paths.ts";

/** `lazy<typeof import("X")>("Y")`, with any white space of the formatter. */
const DECLARATION = /\blazy<\s*typeof import\(\s*"([^"]+)",?\s*\)\s*>\(\s*"([^"]+)",?\s*\)/g;

/** Any call of `lazy`, to find those that the build can't read. */
const CALL = /(?<![\w.])lazy(?:<|\()/g;

/** A source file's name and text. */
export interface Source {
  /** Relative to `src/`, with `/`. */
  readonly path: string;
  readonly text: string;
}

/**
 * Finds all modules that are loaded lazily: the name of the file in `dist/`,
 * without extension -> the path below `src/`.
 *
 * @throws where a declaration can't be read, or its type and its path name
 *   different files.
 */
export function lazyModules(sources: readonly Source[] = sourcesOf("src")): Map<string, string> {
  const paths = new Set(sources.flatMap((source) => pathsIn(source)));
  return new Map([...paths].toSorted().map((path) => [basename(fileOf(path), ".js"), path]));
}

/** Returns the modules whose path starts with one of the prefixes, as entry points of esbuild. */
export function lazyEntryPoints(...prefixes: readonly string[]): Record<string, string> {
  const entries = [...lazyModules()].filter(
    ([, path]) => prefixes.length === 0 || prefixes.some((prefix) => path.startsWith(prefix)),
  );
  return Object.fromEntries(entries.map(([name, path]) => [name, `src/${path}`]));
}

function pathsIn({ path: file, text }: Source): string[] {
  if (file === "lazy.ts") return [];
  const declared = [...text.matchAll(DECLARATION)];
  if (declared.length !== [...text.matchAll(CALL)].length) {
    throw new Error(`src/${file}: expected lazy<typeof import("./x.ts")>("folder/x.ts")`);
  }
  return declared.map(([, type = "", path = ""]) => {
    const named = relative(".", join(dirname(file), type)).replaceAll("\\", "/");
    if (named === path) return path;
    throw new Error(`src/${file}: lazy<typeof import("${type}")> is src/${named}, not src/${path}`);
  });
}

function sourcesOf(folder: string): Source[] {
  const cwd = join(root, folder);
  return globSync("**/*.ts", { cwd }).map((path) => ({
    path: path.replaceAll("\\", "/"),
    text: readFileSync(join(cwd, path), "utf8"),
  }));
}

/**
 * Makes a bundle load its lazy modules with itself: one that is a single file, which an
 * app may bundle again.
 */
export function eagerModulesPlugin(): Plugin {
  return {
    name: "eager-modules",
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
        if (basename(path) === "lazy.ts") return undefined;
        const text = await readFile(path, "utf8");
        const imports: string[] = [];
        const contents = text.replaceAll(DECLARATION, (_, specifier: string) => {
          const name = `eagerModule${imports.length}`;
          imports.push(`import * as ${name} from "${specifier}";`);
          return `(() => ${name})`;
        });
        return { contents: `${contents}\n${imports.join("\n")}`, loader: "ts" };
      });
    },
  };
}
