import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";

/** Where libraries of the table lie that their directory's name doesn't tell. */
export interface Dependencies {
  /** Names in `node_modules` of libraries that npm calls otherwise. */
  readonly aliases: ReadonlySet<string>;
  /** Absolute directories, outside of `node_modules`, of libraries that are linked there. */
  readonly linked: readonly string[];
}

/** Where the package.json of an app is looked for, and above. */
export function appDirectories(): string[] {
  const script = process.argv[1];
  const directories = script === undefined ? [] : [dirname(resolve(script))];
  return [...new Set([...directories, process.cwd()])];
}

/**
 * Reads the package.json files of an app: its own, and those above it, as of a
 * workspace's root. Never throws.
 *
 * @param libraries the names to look for
 * @param directories to begin with
 */
export function dependenciesOf(
  libraries: { has(name: string): boolean },
  directories: readonly string[],
): Dependencies {
  const aliases = new Set<string>();
  const linked = new Set<string>();
  for (const directory of new Set(directories.flatMap(parentsOf))) {
    for (const [name, wanted] of dependenciesIn(directory)) {
      const original = /^npm:(@?[^@]+)/.exec(wanted)?.[1] ?? name;
      if (!libraries.has(original)) continue;
      if (original !== name) aliases.add(name);
      const target = linkedDirectory(name, directory);
      if (target !== undefined) linked.add(target);
    }
  }
  return { aliases, linked: [...linked] };
}

function parentsOf(directory: string): string[] {
  const parent = dirname(directory);
  return parent === directory ? [directory] : [directory, ...parentsOf(parent)];
}

const FIELDS = ["dependencies", "devDependencies", "optionalDependencies"] as const;

function dependenciesIn(directory: string): [name: string, wanted: string][] {
  try {
    const text = readFileSync(join(directory, "package.json"), "utf8");
    const manifest = JSON.parse(text) as Partial<Record<string, Record<string, unknown>>>;
    const dependencies = FIELDS.flatMap((field) => Object.entries(manifest[field] ?? {}));
    return dependencies.map(([name, wanted]) => [name, String(wanted)]);
  } catch {
    return [];
  }
}

/** pnpm links too, but to another `node_modules`, where directories tell the name. */
function linkedDirectory(name: string, from: string): string | undefined {
  for (const directory of parentsOf(from)) {
    const path = join(directory, "node_modules", name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    const target = stat.isSymbolicLink() ? realPath(path) : undefined;
    return target?.includes(`${sep}node_modules${sep}`) === false ? target : undefined;
  }
  return undefined;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
