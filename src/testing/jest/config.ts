import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

/** A configuration of jest, or of one of its projects. */
export type JestConfig = object;

/** The options of jest that are replaced. */
interface ReplacedOptions {
  readonly rootDir?: string;
  readonly preset?: string | null;
  readonly testEnvironment?: string;
  readonly testEnvironmentOptions?: object;
  readonly transform?: Readonly<Record<string, unknown>>;
  readonly transformIgnorePatterns?: readonly string[];
  readonly projects?: readonly unknown[];
}

/** Names of the instrumented libraries on npm. The build defines them. */
declare const LIBRARY_NAMES: readonly string[];

/** jest's own defaults. */
const IGNORED = ["/node_modules/", "\\.pnp\\.[^\\/]+$"];
const TRANSFORM = { "\\.[jt]sx?$": "babel-jest" };

/**
 * Returns the configuration with what `telltale/testing` needs in jest, which loads modules by a
 * registry of its own: an environment that starts the preload outside of the tests' context, and
 * a transformer that lets it patch the files of instrumented libraries. All other files are
 * transformed as before.
 */
export function withTelltale<Config extends JestConfig>(config: Config): Config {
  const { projects, ...options } = config as ReplacedOptions;
  if (projects !== undefined)
    return {
      ...config,
      projects: projects.map((one) => (isObject(one) ? withTelltale(one) : one)),
    };
  const { testEnvironment = "node", transformIgnorePatterns = IGNORED } = options;
  const { transform = (options.preset ?? null) === null ? TRANSFORM : {} } = options;
  const file = libraryFile();
  const settings = { ignored: transformIgnorePatterns };
  const environment = resolveEnvironment(testEnvironment, resolve(options.rootDir ?? "."));
  const result: ReplacedOptions = {
    ...config,
    testEnvironment: fileBeside("testing-jest-environment.cjs"),
    testEnvironmentOptions: { ...options.testEnvironmentOptions, telltale: { environment } },
    // The first pattern that matches counts.
    transform: { [file]: [fileBeside("testing-jest-transformer.cjs"), settings], ...transform },
    transformIgnorePatterns: transformIgnorePatterns.map((one) => `^(?!.*${file})[^]*?(?:${one})`),
  };
  return result as Config;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Returns the pattern of scripts of instrumented libraries, also in nested `node_modules`. */
function libraryFile(): string {
  const separator = "[/\\\\]";
  const names = LIBRARY_NAMES.map((name) => name.replaceAll(".", "\\.").replace("/", separator));
  const folder = `${separator}node_modules${separator}`;
  return `${folder}(?:${names.join("|")})${separator}(?!.*${folder}).+\\.[cm]?js$`;
}

function fileBeside(name: string): string {
  return join(import.meta.dirname, name);
}

/** Resolves the environment that is extended, as jest does: `node` is `jest-environment-node`. */
function resolveEnvironment(name: string, rootDir: string): string {
  const names = [`jest-environment-${name}`, name.replace("<rootDir>", rootDir)];
  for (const folder of [join(rootDir, "package.json"), ...jestModules()]) {
    for (const one of names) {
      const path = resolveFrom(folder, one);
      if (path !== undefined) return path;
    }
  }
  throw new Error(
    `telltale/testing/jest: the testEnvironment ${JSON.stringify(name)} can't be resolved from ${rootDir}`,
  );
}

/** Returns modules of jest, whose dependencies an app can't resolve without a flat `node_modules`. */
function jestModules(): string[] {
  const modules = [realpathSync(process.argv[1] ?? ".")];
  for (const name of ["jest-cli", "jest-config"]) {
    const path = resolveFrom(modules.at(-1) ?? "", name);
    if (path !== undefined) modules.push(path);
  }
  return modules;
}

function resolveFrom(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}
