import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { UserError } from "./user-error.ts";
import { joinedPipelines } from "./pipelines.ts";
import { collector } from "./paths.ts";
import { defaultsIn, invalidValues } from "./values.ts";

/** Not presets, though they lie beside them. */
const NON_PRESETS: readonly string[] = ["compose.yaml", "manifest.yaml"];

/** What is handed to the Collector. */
export interface Configuration {
  /** As they were asked for, e.g. "gateway". */
  readonly names: readonly string[];
  /** Absolute, in the order in which the Collector merges them. */
  readonly files: readonly string[];
  /** What comes after them, in the form that `--config` takes. */
  readonly overrides?: readonly string[];
  /** Their contents, one after the other. */
  readonly text: string;
}

/**
 * Finds the files and sees to it that their variables are set: the Collector
 * itself takes an unset one for an empty string, and complains of what follows.
 *
 * @param wanted names of presets, or paths.
 * @param backends names of files in `collector/backends/`.
 * @throws Complaint that names what is missing.
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

/** The variables that a configuration names without a default, each once. */
export function requiredVariables(text: string): readonly string[] {
  const names = [...withoutComments(text).matchAll(/\$\{env:(\w+)\}/g)].map((match) => match[1]!);
  return [...new Set(names)];
}

/** The variables that have a default; an empty one says that nothing is a value, too. */
function defaultedVariables(text: string): readonly string[] {
  return defaultsIn(withoutComments(text))
    .filter(({ defaultValue }) => defaultValue !== "")
    .map(({ name }) => name);
}

/**
 * Which variable is `value`, or would be without being set: what to change when a
 * port or folder is taken.
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

/** What is only an example in a comment is no reason to complain. */
function withoutComments(text: string): string {
  return text.replaceAll(/(^|\s)#.*$/gm, "");
}

function configurationFile(wanted: string): string {
  const preset = join(collector, `${wanted}.yaml`);
  if (presets().includes(wanted)) return preset;
  // npm starts scripts in the checkout; a path is meant from where one stood.
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
  return `${missing.join(", ")} ${is}, and ${where} can't do without: \`export ${missing[0]}=...\`; the comments in the file say what to give ${them}`;
}

function emptyVariables(names: readonly string[]): string {
  const [is, its] = names.length === 1 ? ["is", "its value"] : ["are", "their values"];
  return `${names.join(", ")} ${is} set to nothing, which the Collector takes for ${its}: \`unset ${names.join(" ")}\` to have the default`;
}
