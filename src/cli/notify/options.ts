import { isSeverity, severities, type Severity } from "../../alerts/alert.ts";
import type { Config } from "../../config/config.ts";
import { quote } from "../../config/mask.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Environment } from "../../env.ts";
import { readSeconds, textOf } from "../alerts/alert-options.ts";
import { type AlertReceivers, readReceivers } from "../alerts/alert-receivers.ts";
import { type CommandArguments, type OptionKinds, parseArguments } from "../arguments.ts";
import { mailOptionKinds } from "../mail/mail-options.ts";

const optionKinds = {
  severity: "text",
  url: "text",
  ...mailOptionKinds,
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
  readonly receivers: AlertReceivers;
  /** In milliseconds. */
  readonly timeoutMs: number;
  readonly config: Config;
  readonly flags: ReadonlySet<string>;
  /** All that is wrong, one line each, without the address of the webhook. */
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
    receivers: readReceivers("url", sources, problems),
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
