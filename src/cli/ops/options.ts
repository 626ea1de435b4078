import { readSeconds } from "../alerts/alert-options.ts";
import { type CommandArguments, type OptionKinds, parseArguments } from "../arguments.ts";
import type { PrometheusTarget } from "../prometheus/prometheus-api.ts";
import { prometheusOptionKinds, readPrometheus } from "../prometheus/target-options.ts";

/** The options of `telltale ops`. */
const optionKinds = {
  config: "text",
  out: "text",
  check: "flag",
  explain: "text",
  force: "flag",
  ...prometheusOptionKinds,
  timeout: "text",
  json: "flag",
  help: "flag",
} as const satisfies OptionKinds;

/** What `telltale ops` does. */
export interface OpsCommandOptions {
  readonly action: "write" | "check" | "explain";
  /** The name of what is explained. */
  readonly name: string;
  readonly folder: string;
  readonly configFile: string;
  /** Whether the file was named: then it has to exist. */
  readonly isConfigNamed: boolean;
  readonly overwrites: boolean;
  /** What is asked for the names in the file. Undefined: nothing. */
  readonly prometheus: PrometheusTarget | undefined;
  /** Time limit of all questions to it, in milliseconds. */
  readonly timeoutMs: number;
  readonly asJson: boolean;
  readonly help: boolean;
}

/** Where `telltale ops` writes without `--out`. */
export const DEFAULT_FOLDER = "ops";
/** What it reads without `--config`. */
export const DEFAULT_CONFIG = "telltale.ops.yaml";

const DEFAULT_TIMEOUT_SECONDS = 30;

/** Parses the options of `telltale ops`. Never throws. */
export function parseOpsArguments(args: readonly string[]): {
  readonly options: OpsCommandOptions;
  readonly problems: readonly string[];
} {
  const parsed = parseArguments(args, optionKinds);
  const { texts, flags } = parsed;
  const last = (name: string): string | undefined => texts.get(name)?.at(-1);
  const problems = [...parsed.problems, ...exclusions(parsed)];
  for (const name of ["config", "out", "explain"])
    if (last(name) === "") problems.push(`--${name} has no value`);
  const asksPrometheus = ["timeout", ...Object.keys(prometheusOptionKinds)].some((one) =>
    texts.has(one),
  );
  const prometheus = asksPrometheus ? readPrometheus(parsed, problems) : undefined;
  const timeoutMs = readSeconds("timeout", DEFAULT_TIMEOUT_SECONDS, parsed, problems) * 1000;
  const name = last("explain");
  return {
    options: {
      action: name !== undefined ? "explain" : flags.has("check") ? "check" : "write",
      name: name ?? "",
      folder: last("out") ?? DEFAULT_FOLDER,
      configFile: last("config") ?? DEFAULT_CONFIG,
      isConfigNamed: texts.has("config"),
      overwrites: flags.has("force"),
      prometheus,
      timeoutMs,
      asJson: flags.has("json"),
      help: flags.has("help"),
    },
    problems,
  };
}

function exclusions({ texts, flags }: CommandArguments): string[] {
  if (texts.has("explain") && texts.has("prometheus"))
    return ["--explain and --prometheus exclude each other"];
  const actions = [
    ...(texts.has("explain") ? ["--explain"] : []),
    ...(flags.has("check") ? ["--check"] : []),
    ...(flags.has("force") ? ["--force"] : []),
  ];
  return actions.length > 1 ? [`${actions.join(" and ")} exclude each other`] : [];
}
