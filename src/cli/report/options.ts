import type { AlertReceiver } from "../../config/config.ts";
import { quote } from "../../config/mask.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Environment } from "../../env.ts";
import { readReceiver, readSeconds, textOf } from "../alerts/alert-options.ts";
import { type CommandArguments, type OptionKinds, parseArguments } from "../arguments.ts";
import { DATE_EXPECTED, parseDate } from "../option-values/date-option.ts";
import {
  type MailParties,
  mailOptionKinds,
  readMailOptions,
  readParties,
  readSmtp,
} from "../mail/mail-options.ts";
import type { SmtpTarget } from "../mail/smtp-client.ts";
import type { PrometheusTarget } from "../prometheus/prometheus-api.ts";
import { prometheusOptionKinds, readPrometheus } from "../prometheus/target-options.ts";
import { isTimeZone } from "../option-values/time-zone.ts";
import type { ReportScope } from "./collection.ts";
import { periodsOf, type ReportKind } from "./period.ts";

const optionKinds = {
  ...prometheusOptionKinds,
  service: "texts",
  end: "text",
  timezone: "text",
  timeout: "text",
  format: "text",
  json: "flag",
  slack: "flag",
  "alert-url": "text",
  ...mailOptionKinds,
  help: "flag",
} as const satisfies OptionKinds;

const formats = ["markdown", "html", "eml"] as const;

export type ReportFormat = (typeof formats)[number];

export interface ReportOptions extends ReportScope {
  readonly prometheus: PrometheusTarget;
  /** Time limit of all queries, in milliseconds. */
  readonly timeoutMs: number;
  /** What is printed to stdout; undefined: nothing but where the report was sent. */
  readonly format: ReportFormat | undefined;
  readonly webhook: AlertReceiver | undefined;
  readonly mail: MailParties | undefined;
  readonly smtp: SmtpTarget | undefined;
}

export interface ParsedReportOptions {
  /** Undefined if there are problems. */
  readonly options: ReportOptions | undefined;
  /** All that is wrong, one line each, without secrets. */
  readonly problems: readonly string[];
  readonly flags: ReadonlySet<string>;
}

const DEFAULT_TIMEOUT_SECONDS = 120;

/** Parses the arguments and variables of `telltale report`. Never throws. */
export function parseReportOptions(
  args: readonly string[],
  environment: Environment,
  now: Date,
): ParsedReportOptions {
  const parsed = parseArguments(args, optionKinds, "period");
  const problems = [...parsed.problems];
  const kind = readKind(parsed, problems);
  const timeZone = readTimeZone(parsed, problems);
  const end = readEnd(parsed, now, problems);
  const format = readFormat(parsed, problems);
  const isMailSent = parsed.texts.has("mail-to") && format !== "eml";
  const webhook = readWebhook(parsed, environment, problems);
  const options = {
    kind,
    periods: periodsOf(kind, { end, now, timeZone }),
    services: readServices(parsed, problems),
    prometheus: readPrometheus(parsed, problems),
    timeoutMs: readSeconds("timeout", DEFAULT_TIMEOUT_SECONDS, parsed, problems) * 1000,
    format: format ?? (webhook === undefined && !isMailSent ? "markdown" : undefined),
    webhook,
    ...readMail(parsed, format, problems),
  };
  // Whatever is missing is among the problems.
  const complete = problems.length === 0 ? (options as ReportOptions) : undefined;
  return { options: complete, problems, flags: parsed.flags };
}

function readKind({ positional }: CommandArguments, problems: string[]): ReportKind {
  if (positional === "daily" || positional === "weekly") return positional;
  problems.push(
    positional === undefined
      ? "the period is missing: telltale report daily, or weekly"
      : `received ${quote(positional)}, expected daily or weekly`,
  );
  return "daily";
}

function readTimeZone(parsed: CommandArguments, problems: string[]): string {
  const text = textOf(parsed, "timezone");
  if (text === undefined) return new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (isTimeZone(text)) return text;
  problems.push(`--timezone: received ${quote(text)}, expected a name such as Europe/Zurich`);
  return "UTC";
}

function readEnd(parsed: CommandArguments, now: Date, problems: string[]): Date | undefined {
  const text = textOf(parsed, "end");
  if (text === undefined) return undefined;
  const end = parseDate(text);
  if (end === undefined) problems.push(`--end: received ${quote(text)}, expected ${DATE_EXPECTED}`);
  else if (end > now) problems.push(`--end: received ${quote(text)}, expected a time in the past`);
  return end;
}

function readFormat(parsed: CommandArguments, problems: string[]): ReportFormat | undefined {
  const text = textOf(parsed, "format");
  const format = formats.find((one) => one === text);
  if (text !== undefined && format === undefined)
    problems.push(`--format: received ${quote(text)}, expected ${formats.join(", ")}`);
  if (text !== undefined && parsed.flags.has("json"))
    problems.push("--format and --json exclude each other");
  return format;
}

const SERVICE = /^[@\w][\w./@ -]{0,199}$/;

function readServices({ texts }: CommandArguments, problems: string[]): string[] {
  const names = texts.get("service") ?? [];
  for (const name of names)
    if (!SERVICE.test(name))
      problems.push(`--service: received ${quote(name)}, expected the name of a service`);
  return [...names];
}

function readWebhook(
  parsed: CommandArguments,
  environment: Environment,
  problems: string[],
): AlertReceiver | undefined {
  if (!parsed.flags.has("slack") && !parsed.texts.has("alert-url")) return undefined;
  // It concerns the telemetry of apps.
  const relevant = [...environment].filter(([name]) => name !== "OTEL_SDK_DISABLED");
  const { config } = parseConfig(new Map(relevant));
  return readReceiver("alert-url", { parsed, environment, config }, problems);
}

/** Reads the options of the e-mail, which `--format eml` prints instead of sending it. */
function readMail(
  parsed: CommandArguments,
  format: ReportFormat | undefined,
  problems: string[],
): Pick<ReportOptions, "mail" | "smtp"> {
  if (format !== "eml") return readMailOptions(parsed, problems, "; or pass --format eml");
  const smtp = readSmtp(parsed, problems);
  if (parsed.texts.has("smtp")) problems.push("--format eml and --smtp exclude each other");
  return { mail: readParties(parsed, smtp, problems), smtp };
}
