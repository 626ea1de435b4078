import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "acorn";
import { dynamicPatterns } from "./exceptions.ts";
import type { FoundPattern } from "./pattern.ts";

/** A regular expression composed of values that are not literals. */
export interface DynamicPattern {
  readonly location: string;
}

interface Found {
  readonly patterns: readonly FoundPattern[];
  readonly dynamic: readonly DynamicPattern[];
}

interface Node {
  readonly type: string;
  readonly regex?: { readonly pattern: string; readonly flags: string };
  readonly callee?: Node;
  readonly name?: string;
  readonly loc?: { readonly start: { readonly line: number } };
}

/**
 * Finds all regular expressions of `src/` below `folder`: literals, and the
 * arguments of `RegExp` that `exceptions.ts` lists.
 */
export async function findPatterns(folder: string): Promise<Found> {
  const patterns = new Map<string, FoundPattern & { locations: string[] }>();
  const dynamic: DynamicPattern[] = [];
  const add = (source: string, flags: string, location: string): void => {
    const key = `/${source}/${flags}`;
    const known = patterns.get(key);
    if (known === undefined) patterns.set(key, { source, flags, locations: [location] });
    else known.locations.push(location);
  };
  for (const file of globSync("src/**/*.ts", { cwd: folder }).toSorted()) {
    const made: string[] = [];
    for (const node of walkNodes(parseFile(join(folder, file)))) {
      const location = `${file}:${node.loc?.start.line ?? 0}`;
      if (node.regex !== undefined) add(node.regex.pattern, node.regex.flags, location);
      else if (isRegExpConstructor(node)) made.push(location);
    }
    if (made.length === 0) continue;
    const sources = await dynamicPatternsOf(folder, file);
    if (sources === undefined) dynamic.push(...made.map((location) => ({ location })));
    else for (const { source, flags } of sources) add(source, flags, made[0] ?? file);
  }
  return { patterns: [...patterns.values()], dynamic };
}

/** Parses a file, without Node's warning that type stripping is experimental. */
function parseFile(path: string): unknown {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  const script = stripTypeScriptTypes(readFileSync(path, "utf8"));
  process.emitWarning = emitWarning;
  return parse(script, { ecmaVersion: "latest", sourceType: "module", locations: true });
}

function* walkNodes(value: unknown): Generator<Node> {
  if (typeof value !== "object" || value === null) return;
  if ("type" in value) yield value as Node;
  for (const inner of Object.values(value)) yield* walkNodes(inner);
}

function isRegExpConstructor({ type, callee }: Node): boolean {
  return /^(?:New|Call)Expression$/.test(type) && callee?.name === "RegExp";
}

type Source = Pick<FoundPattern, "source" | "flags">;

async function dynamicPatternsOf(
  folder: string,
  file: string,
): Promise<readonly Source[] | undefined> {
  const how = dynamicPatterns[file];
  if (how === undefined) return undefined;
  if (how !== "as it is loaded") return how.map((source) => ({ source, flags: "" }));
  const made: Source[] = [];
  const { RegExp: original } = globalThis;
  globalThis.RegExp = new Proxy(original, {
    construct(target, args: [string, string?]) {
      const pattern = new target(...args);
      made.push(pattern);
      return pattern;
    },
  });
  try {
    await import(pathToFileURL(join(folder, file)).href);
  } finally {
    globalThis.RegExp = original;
  }
  return made.map(({ source, flags }) => ({ source, flags }));
}
