import { quote } from "../../config/mask.ts";
import type { Environment } from "../../env.ts";
import { readSeconds } from "../alerts/alert-options.ts";
import { type OptionKinds, parseArguments } from "../arguments.ts";
import { type AdminTarget, readAdminTargets } from "../health/admin-targets.ts";

const optionKinds = {
  param: "texts",
  list: "flag",
  url: "texts",
  timeout: "text",
  json: "flag",
  help: "flag",
} as const satisfies OptionKinds;

const MAX_NAMES = 100;
const DEFAULT_TIMEOUT_S = 300;

export interface WarmOptions {
  readonly targets: readonly AdminTarget[];
  readonly names: readonly string[];
  /** As `key=value`. */
  readonly params: readonly string[];
  /** How long the end of the runs is awaited. */
  readonly timeoutMs: number;
  readonly flags: ReadonlySet<string>;
  /** All that is wrong, one line each, without secrets. */
  readonly problems: readonly string[];
}

/** Parses the arguments and variables of `telltale warm`. Never throws. */
export function parseWarmOptions(args: readonly string[], environment: Environment): WarmOptions {
  const parsed = parseArguments(args, optionKinds, "names", MAX_NAMES);
  const problems = [...parsed.problems];
  const timeoutMs = readSeconds("timeout", DEFAULT_TIMEOUT_S, parsed, problems) * 1000;
  const params = parsed.texts.get("param") ?? [];
  problems.push(...problemsOfParams(params));
  if (parsed.flags.has("list") && (params.length > 0 || parsed.positionals.length > 0))
    problems.push("--list takes no names and no --param");
  const targets = parsed.flags.has("help")
    ? []
    : readAdminTargets("/warm", parsed, environment, problems);
  return { targets, names: parsed.positionals, params, timeoutMs, flags: parsed.flags, problems };
}

function* problemsOfParams(params: readonly string[]): IterableIterator<string> {
  const keys = new Set<string>();
  for (const param of params) {
    const key = param.slice(0, Math.max(0, param.indexOf("=")));
    if (key === "") yield "--param: expected KEY=VALUE such as user=123";
    else if (keys.has(key)) yield `--param: received ${quote(key)} twice, expected each key once`;
    keys.add(key);
  }
}
