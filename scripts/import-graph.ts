import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** The files of a folder -> the files that they import, as values, types or lazy modules. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** A relative specifier after `from` or in `import(...)`. */
const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g;

const COMMENT = /\/\*[^]*?\*\/|^\s*\/\/.*$/gm;

export function importGraph(folder: string): ImportGraph {
  const files = globSync("**/*.{ts,tsx}", { cwd: folder }).map(withSlashes);
  return new Map(files.map((file) => [file, importsOf(folder, file)]));
}

function importsOf(folder: string, file: string): string[] {
  const text = readFileSync(join(folder, file), "utf8").replaceAll(COMMENT, "");
  return [...text.matchAll(SPECIFIER)].map(([, specifier = ""]) =>
    withSlashes(relative(".", join(dirname(file), specifier))),
  );
}

/**
 * Finds the circles of a graph, each a list of files that all reach each other
 * (Tarjan's strongly connected components of more than one file).
 */
export function circlesIn(graph: ImportGraph): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];

  function visit(file: string): number {
    const own = order.size;
    order.set(file, own);
    let low = own;
    open.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (open.includes(next)) low = Math.min(low, lowest.get(next) ?? own, order.get(next)!);
    }
    lowest.set(file, low);
    if (low === own) {
      const circle = open.splice(open.indexOf(file));
      if (circle.length > 1 || graph.get(file)?.includes(file) === true) circles.push(circle);
    }
    return low;
  }

  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return circles;
}

function withSlashes(path: string): string {
  return path.replaceAll("\\", "/");
}
