import { isSeverity, severities, type Severity } from "../../alerts/alert.ts";
import type { AlertReceiver, Config } from "../../config/config.ts";
import { parseAlertUrl } from "../../config/link-urls.ts";
import { quote } from "../../config/mask.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Environment } from "../../env.ts";
import { type CommandArguments, type OptionKinds, parseArguments } from "../arguments.ts";

const optionKinds = {
  severity: "text",
  url: "text",
  field: "texts",
  timeout: "text",
  json: "flag",
  help: "flag",
} as const satisfies OptionKinds;

const ALERT_URL = "TELLTALE_ALERT_URL";

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
  const { positional } = parsed;
  return {
    message: positional === "-" ? undefined : positional,
    severity: readSeverity(parsed, problems),
    fields: readFields(parsed, problems),
    receiver: readReceiver(parsed, environment, config, problems),
    timeoutMs: readTimeout(parsed, problems),
    config,
    flags: parsed.flags,
    problems,
  };
}

/** Returns the last text of an option. */
function textOf({ texts }: CommandArguments, option: string): string | undefined {
  return texts.get(option)?.at(-1);
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

function readReceiver(
  parsed: CommandArguments,
  environment: Environment,
  config: Config,
  problems: string[],
): AlertReceiver | undefined {
  const option = textOf(parsed, "url");
  if (option !== undefined) {
    const receiver = parseAlertUrl(option, () => {});
    if (receiver === undefined) problems.push(invalidUrl("--url"));
    return receiver;
  }
  if (config.alertReceiver === undefined) {
    const isSet = (environment.get(ALERT_URL) ?? "").trim() !== "";
    problems.push(isSet ? invalidUrl(ALERT_URL) : `${ALERT_URL} is not set: set it, or pass --url`);
  }
  return config.alertReceiver;
}

function invalidUrl(name: string): string {
  return `${name}: received ***, expected a URL that begins with https:// or http:// and a host`;
}

const MAX_TIMEOUT_SECONDS = 3600;

function readTimeout(parsed: CommandArguments, problems: string[]): number {
  const text = textOf(parsed, "timeout") ?? "30";
  const seconds = /^\d{1,4}(?:\.\d{1,3})?$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS) return seconds * 1000;
  problems.push(
    `--timeout: received ${quote(text)}, expected seconds, more than 0 and at most ${MAX_TIMEOUT_SECONDS}`,
  );
  return 0;
}
