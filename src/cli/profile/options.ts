import { quote } from "../../config/mask.ts";
import type { Environment } from "../../env.ts";
import { textOf } from "../alerts/alert-options.ts";
import { type CommandArguments, type OptionKinds, parseArguments } from "../arguments.ts";
import { type AdminTarget, readAdminTargets } from "../health/admin-targets.ts";

const optionKinds = {
  seconds: "text",
  "in-use": "flag",
  output: "text",
  url: "texts",
  json: "flag",
  help: "flag",
} as const satisfies OptionKinds;

const KINDS = ["cpu", "heap"] as const;
const DEFAULT_SECONDS = 10;
/** The limit of the admin server. */
const MAX_SECONDS = 60;

export interface ProfileOptions {
  readonly kind: (typeof KINDS)[number];
  readonly seconds: number;
  /** Whether a profile of the heap has only what is in use at its end. */
  readonly inUseOnly: boolean;
  /** Where the profile is written to. Undefined: the name that the app has chosen. */
  readonly output: string | undefined;
  readonly target: AdminTarget | undefined;
  readonly flags: ReadonlySet<string>;
  /** All that is wrong, one line each, without secrets. */
  readonly problems: readonly string[];
}

/** Parses the arguments and variables of `telltale profile`. Never throws. */
export function parseProfileOptions(
  args: readonly string[],
  environment: Environment,
): ProfileOptions {
  const parsed = parseArguments(args, optionKinds, "kind");
  const problems = [...parsed.problems];
  const kind = KINDS.find((one) => one === (parsed.positional ?? "cpu"));
  if (kind === undefined)
    problems.push(`kind: received ${quote(parsed.positional ?? "")}, expected cpu or heap`);
  const seconds = readSeconds(parsed, problems);
  const inUseOnly = parsed.flags.has("in-use");
  if (inUseOnly && kind === "cpu") problems.push("--in-use is for profiles of the heap");
  const path = `/profile/${kind ?? "cpu"}`;
  const targets = parsed.flags.has("help")
    ? []
    : readAdminTargets(path, parsed, environment, problems);
  if (targets.length > 1) problems.push("--url: expected one address");
  return {
    kind: kind ?? "cpu",
    seconds,
    inUseOnly,
    output: textOf(parsed, "output"),
    target: targets[0],
    flags: parsed.flags,
    problems,
  };
}

function readSeconds(parsed: CommandArguments, problems: string[]): number {
  const text = textOf(parsed, "seconds") ?? String(DEFAULT_SECONDS);
  const seconds = /^\d{1,2}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  problems.push(
    `--seconds: received ${quote(text)}, expected more than 0 and at most ${MAX_SECONDS}`,
  );
  return DEFAULT_SECONDS;
}
