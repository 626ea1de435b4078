import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { UserError } from "../user-error.ts";
import { joinedPipelines } from "./pipelines.ts";
import { collector } from "./paths.ts";
import { defaultsIn, invalidValues } from "./values.ts";

/** YAML files in the same folder that are not presets. */
const NON_PRESETS: readonly string[] = ["compose.yaml", "manifest.yaml"];

/** The configuration of one run of the Collector. */
export interface Configuration {
  /** The presets as given, e.g. "gateway". */
  readonly names: readonly string[];
  /** Absolute paths, in the order in which the Collector merges them. */
  readonly files: readonly string[];
  /** Further configurations, in the form that `--config` accepts. */
  readonly overrides?: readonly string[];
  /** The concatenated contents of the files. */
  readonly text: string;
}

/**
 * Finds the files and checks that their variables are set: the Collector reads an
 * unset variable as an empty string, and reports only the consequence.
 *
 * @param wanted names of presets, or paths.
 * @param backends names of files in `collector/backends/`.
 * @throws UserError that names what is missing.
 */
export async function readConfiguration(
  wanted: readonly string[],
  backends: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Configuration> {
  const files = [...wanted.map(configurationFile), ...backends.map(backendFile)];
  const contents = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const text = contents.join("\n");
  const missing = requiredVariables(text).filter((name) => !env[name]);
  if (missing.length > 0) {
    const needs = (content: string): boolean =>
      requiredVariables(content).some((name) => missing.includes(name));
    throw new UserError(
      missingVariables(
        files.filter((_, at) => needs(contents[at]!)),
        missing,
      ),
    );
  }
  const empty = defaultedVariables(text).filter((name) => env[name] === "");
  if (empty.length > 0) throw new UserError(emptyVariables(empty));
  const ours = contents.filter((_, at) => files[at]!.startsWith(join(collector, "/")));
  const wrong = invalidValues(withoutComments(ours.join("\n")), env);
  if (wrong.length > 0) throw new UserError(wrong.join("\n"));
  const overrides = joinedPipelines(contents.slice(wanted.length));
  return { names: [...wanted, ...backends], files, overrides, text };
}

/** Returns the variables that a configuration uses without a default. */
export function requiredVariables(text: string): readonly string[] {
  const names = [...withoutComments(text).matchAll(/\$\{env:(\w+)\}/g)].map((match) => match[1]!);
  return [...new Set(names)];
}

/** Returns the variables that have a default, which may be empty. */
function defaultedVariables(text: string): readonly string[] {
  return defaultsIn(withoutComments(text))
    .filter(({ defaultValue }) => defaultValue !== "")
    .map(({ name }) => name);
}

/**
 * Returns the variable whose value or default is `value`: the one to change when a
 * port or folder is in use.
 *
 * @param value e.g. "127.0.0.1:4318", "4318" or "/var/lib/queue".
 */
export function variableWithValue(
  text: string,
  value: string,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const all = defaultsIn(withoutComments(text));
  return all.find(({ name, defaultValue }) => (env[name] ?? defaultValue) === value)?.name;
}

/** Removes comments, whose examples may name variables. */
function withoutComments(text: string): string {
  return text.replaceAll(/(^|\s)#.*$/gm, "");
}

function configurationFile(wanted: string): string {
  const preset = join(collector, `${wanted}.yaml`);
  if (presets().includes(wanted)) return preset;
  // npm runs scripts in the checkout; a path is relative to where npm was called.
  const path = resolve(process.env["INIT_CWD"] ?? ".", wanted);
  if (existsSync(path)) return path;
  throw new UserError(
    `there is no configuration ${wanted}: neither a file, nor one of the presets ${presets().join(", ")}`,
  );
}

function backendFile(name: string): string {
  const folder = join(collector, "backends");
  const contrib = yamlNames(join(folder, "contrib")).map((own) => `contrib/${own}`);
  const known = [...yamlNames(folder), ...contrib];
  if (known.includes(name)) return join(folder, `${name}.yaml`);
  throw new UserError(`there is no back end ${name}; collector/backends/ has ${known.join(", ")}`);
}

function presets(): readonly string[] {
  return yamlNames(collector).filter((name) => !NON_PRESETS.includes(`${name}.yaml`));
}

function yamlNames(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => extname(name) === ".yaml");
  return files.map((name) => basename(name, ".yaml")).toSorted();
}

function missingVariables(files: readonly string[], missing: readonly string[]): string {
  const where = files.map((file) => basename(file)).join(" and ");
  const [is, them] = missing.length === 1 ? ["is not set", "it"] : ["are not set", "them"];
  return `${missing.join(", ")} ${is}, and ${where} requires: \`export ${missing[0]}=...\`; the comments in the file describe ${them}`;
}

function emptyVariables(names: readonly string[]): string {
  const [is, its] = names.length === 1 ? ["is", "its value"] : ["are", "their values"];
  return `${names.join(", ")} ${is} set to nothing, which the Collector takes for ${its}: \`unset ${names.join(" ")}\` to have the default`;
}
