import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/**
 * Leaves the README's lines out of the tables of variables: no process reads
 * them, and every process would have to (6 kB of `start.js`). Lines stay.
 */
export function withoutDocs(): Plugin {
  return {
    name: "without-docs",
    setup({ onLoad }) {
      onLoad({ filter: /src[\\/]config[\\/]\w+\.ts$/ }, async ({ path }) => ({
        contents: (await readFile(path, "utf8")).replace(DOC, '$1""'),
        loader: "ts",
      }));
    },
  };
}

const DOC = /(\bdoc:\s*)"(?:[^"\\\n]|\\.)*"/g;
