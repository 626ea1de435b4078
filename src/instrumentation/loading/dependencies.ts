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
  const manifests = [...new Set(directories.flatMap(parentsOf))].flatMap(manifestIn);
  const isWorkspace = manifests.some(({ workspaces }) => workspaces);
  for (const { directory, dependencies } of manifests) {
    for (const [name, wanted] of dependencies) {
      const original = /^npm:(@?[^@]+)/.exec(wanted)?.[1] ?? name;
      if (!libraries.has(original)) continue;
      if (original !== name) aliases.add(name);
      const isLinked = isWorkspace || /^(workspace|file|link|portal):/.test(wanted);
      const target = isLinked ? linkedDirectory(name, directory) : undefined;
      if (target !== undefined) linked.add(target);
    }
  }
  return { aliases, linked: [...linked] };
}

function parentsOf(directory: string): string[] {
  const parent = dirname(directory);
  return parent === directory ? [directory] : [directory, ...parentsOf(parent)];
}

const DEPENDENCY_FIELDS = ["dependencies", "devDependencies", "optionalDependencies"] as const;

interface AppManifest {
  readonly directory: string;
  /** Whether it is the root of npm's or Yarn's workspaces, which may be linked without a word. */
  readonly workspaces: boolean;
  readonly dependencies: readonly (readonly [name: string, wanted: string])[];
}

/** The one that is in a directory, if there is one that can be read. */
function manifestIn(directory: string): AppManifest[] {
  try {
    const path = join(directory, "package.json");
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return [];
    const manifest = JSON.parse(readFileSync(path, "utf8")) as Partial<
      Record<string, Record<string, unknown>>
    >;
    const dependencies = DEPENDENCY_FIELDS.flatMap((field) =>
      Object.entries(manifest[field] ?? {}).map(
        ([name, wanted]) => [name, String(wanted)] as const,
      ),
    );
    return [{ directory, workspaces: manifest["workspaces"] !== undefined, dependencies }];
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
