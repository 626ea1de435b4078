import type { ParsedConfig } from "../../config/parse.ts";
import { parseConfig } from "../../config/parse.ts";
import { formatIssues } from "../../config/report.ts";
import { configFile } from "../../config/variables.ts";
import { escapeControlCharacters } from "../../diagnostics/escape-control-characters.ts";
import { type Environment, readEnvironment } from "../../env.ts";
import { knownInstrumentations } from "../../instrumentation/enabled-instrumentations.ts";
import { parseArguments } from "../arguments.ts";
import { printJson, reportWrongUse } from "../command-output.ts";
import { type Effective, effectiveValues } from "./effective.ts";
import { fileFromVariables } from "./file-from-variables.ts";
import { formatYaml } from "./yaml-document.ts";

const HELP = `telltale config [options]

  Prints the effective configuration: the value of each variable, and whether it
  is the default, the variable, or a place in the file of OTEL_CONFIG_FILE.
  Secrets are masked. What is invalid is reported on stderr.

  --file FILE  reads this configuration file, in place of OTEL_CONFIG_FILE
  --changed    prints only what is no default
  --to-yaml    prints the variables as a configuration file, which refers to
               them where they are secrets
  --json       prints one JSON object
  --help

  Exit codes: 0 all is valid, 1 something is invalid, 2 wrong use.
`;

const FOUND = 1;

const optionKinds = {
  file: "text",
  changed: "flag",
  "to-yaml": "flag",
  json: "flag",
  help: "flag",
} as const;

/** Runs `telltale config`. Returns the exit code. */
export function config(args: readonly string[]): number {
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const { flags, texts, problems } = parseArguments(args, optionKinds);
  if (flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  const file = texts.get("file")?.at(-1);
  const own = readEnvironment();
  const environment = file === undefined ? own : new Map([...own, [configFile.name, file]]);
  const wrong = [...problems, ...wrongCombination(flags, environment)];
  if (wrong.length > 0) return reportWrongUse(wrong, flags.has("json"));
  const parsed = parseConfig(environment, knownInstrumentations);
  process.stderr.write(formatIssues(parsed.issues));
  if (flags.has("to-yaml"))
    process.stdout.write(
      formatYaml(fileFromVariables(parsed.config, environment, knownInstrumentations)),
    );
  else print(parsed, environment, flags);
  return parsed.issues.length === 0 ? 0 : FOUND;
}

function* wrongCombination(
  flags: ReadonlySet<string>,
  environment: Environment,
): IterableIterator<string> {
  if (!flags.has("to-yaml")) return;
  if (flags.has("json")) yield "--to-yaml and --json exclude each other";
  if (environment.has(configFile.name))
    yield `--to-yaml: ${configFile.name} is set, so that there is a file already; unset it`;
}

function print(parsed: ParsedConfig, environment: Environment, flags: ReadonlySet<string>): void {
  const all = effectiveValues(parsed, environment);
  const values = all.filter(({ source }) => !flags.has("changed") || source !== "default");
  if (!flags.has("json")) {
    process.stdout.write(formatValues(values));
    return;
  }
  const problems = formatIssues(parsed.issues)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace("telltale: ", ""));
  printJson({ disabled: parsed.config.disabled, values, problems });
}

/** Formats values by their groups, with their sources. */
function formatValues(values: readonly Effective[]): string {
  const groups = Map.groupBy(values, ({ group }) => group);
  return [...groups]
    .map(([group, rows]) => `${group}\n${rows.map(formatValue).join("")}`)
    .join("\n");
}

function formatValue({ name, value, source, place, isReplaced }: Effective): string {
  const from = place ?? (isReplaced ? "default, as the value is invalid" : source);
  return `  ${escapeControlCharacters(`${name}: ${value}  (${from})`)}\n`;
}
