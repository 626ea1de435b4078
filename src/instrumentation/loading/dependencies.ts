import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";

/** Locations of libraries that their directory's name does not reveal. */
export interface Dependencies {
  /** Aliases in `node_modules`, of libraries with another name on npm. */
  readonly aliases: ReadonlySet<string>;
  /** Absolute directories outside of `node_modules` that are linked there. */
  readonly linked: readonly string[];
}

/** Directories from which the search for the app's package.json starts, upwards. */
export function appDirectories(): string[] {
  const script = process.argv[1];
  const directories = script === undefined ? [] : [dirname(resolve(script))];
  return [...new Set([...directories, process.cwd()])];
}

/**
 * Reads the package.json files of an app: its own and those of the parent
 * directories, such as a workspace root. Never throws.
 *
 * @param libraries names to look for
 * @param directories directories to start from
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
  /**
   * Whether this is a workspace root of npm or Yarn, which may link packages
   * without declaring it.
   */
  readonly workspaces: boolean;
  readonly dependencies: readonly (readonly [name: string, wanted: string])[];
}

/** Reads the package.json in a directory, if there is a valid one. */
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

/**
 * Finds the target of a linked package. Links of pnpm are ignored: they point into
 * another `node_modules`, where the directory has the package's name.
 */
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
