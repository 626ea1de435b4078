import { isSeverity, severities, type Severity } from "../../alerts/alert.ts";
import type { AlertReceiver, Config } from "../../config/config.ts";
import { quote } from "../../config/mask.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Environment } from "../../env.ts";
import { readReceiver, readSeconds, textOf } from "../alert-options.ts";
import { type CommandArguments, type OptionKinds, parseArguments } from "../arguments.ts";

const optionKinds = {
  severity: "text",
  url: "text",
  field: "texts",
  timeout: "text",
  json: "flag",
  help: "flag",
} as const satisfies OptionKinds;

export interface NotifyOptions {
  /** Undefined: it is read from standard input. */
  readonly message: string | undefined;
  readonly severity: Severity;
  readonly fields: Readonly<Record<string, string>>;
  readonly receiver: AlertReceiver | undefined;
  /** In milliseconds. */
  readonly timeoutMs: number;
  readonly config: Config;
  readonly flags: ReadonlySet<string>;
  /** All that is wrong, one line each, without the address of the receiver. */
  readonly problems: readonly string[];
}

/** Parses the arguments and variables of `telltale notify`. Never throws. */
export function parseNotifyOptions(
  args: readonly string[],
  environment: Environment,
): NotifyOptions {
  const parsed = parseArguments(args, optionKinds, "message");
  const problems = [...parsed.problems];
  // It concerns the telemetry of apps.
  const relevant = [...environment].filter(([name]) => name !== "OTEL_SDK_DISABLED");
  const { config } = parseConfig(new Map(relevant));
  const sources = { parsed, environment, config };
  const { positional } = parsed;
  return {
    message: positional === "-" ? undefined : positional,
    severity: readSeverity(parsed, problems),
    fields: readFields(parsed, problems),
    receiver: readReceiver("url", sources, problems),
    timeoutMs: readSeconds("timeout", 30, parsed, problems) * 1000,
    config,
    flags: parsed.flags,
    problems,
  };
}

function readSeverity(parsed: CommandArguments, problems: string[]): Severity {
  const text = textOf(parsed, "severity") ?? "info";
  if (isSeverity(text)) return text;
  problems.push(`--severity: received ${quote(text)}, expected ${severities.join(", ")}`);
  return "info";
}

function readFields(
  { texts }: CommandArguments,
  problems: string[],
): Readonly<Record<string, string>> {
  const entries = (texts.get("field") ?? []).flatMap((text) => {
    const equals = text.indexOf("=");
    if (equals > 0) return [[text.slice(0, equals), text.slice(equals + 1)] as const];
    problems.push("--field: expected name=value");
    return [];
  });
  return Object.fromEntries(entries);
}
