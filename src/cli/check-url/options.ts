import type { Config } from "../../config/config.ts";
import { parseHttpUrl } from "../../config/link-urls.ts";
import { quote } from "../../config/mask.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Environment } from "../../env.ts";
import { readSeconds, textOf } from "../alerts/alert-options.ts";
import { type AlertReceivers, readReceivers } from "../alerts/alert-receivers.ts";
import { type CommandArguments, type OptionKinds, parseArguments } from "../arguments.ts";
import { mailOptionKinds, readMailOptions } from "../mail/mail-options.ts";
import type { Expectation } from "./probe.ts";

const optionKinds = {
  expect: "text",
  timeout: "text",
  failures: "text",
  state: "text",
  "certificate-days": "text",
  "alert-url": "text",
  ...mailOptionKinds,
  json: "flag",
  help: "flag",
} as const satisfies OptionKinds;

export interface CheckUrlOptions {
  readonly url: URL | undefined;
  readonly isExpected: Expectation;
  /** In milliseconds. */
  readonly timeoutMs: number;
  /** Failures in a row before the alert. */
  readonly failures: number;
  /** Path of the state; undefined: no alert is sent. */
  readonly state: string | undefined;
  /** Days before the expiry of a certificate from which on it is reported. */
  readonly certificateDays: number;
  readonly receivers: AlertReceivers;
  readonly config: Config;
  readonly flags: ReadonlySet<string>;
  /** All that is wrong, one line each, without addresses. */
  readonly problems: readonly string[];
}

/** Parses the arguments and variables of `telltale check-url`. Never throws. */
export function parseCheckUrlOptions(
  args: readonly string[],
  environment: Environment,
): CheckUrlOptions {
  const parsed = parseArguments(args, optionKinds, "URL");
  const problems = [...parsed.problems];
  // It concerns the telemetry of apps.
  const relevant = [...environment].filter(([name]) => name !== "OTEL_SDK_DISABLED");
  const { config } = parseConfig(new Map(relevant));
  const state = textOf(parsed, "state");
  for (const option of ["failures", "alert-url", "mail-to"])
    if (state === undefined && parsed.texts.has(option))
      problems.push(`--${option} needs --state, the file in which failures are counted`);
  const sources = { parsed, environment, config };
  return {
    url: readUrl(parsed, problems),
    isExpected: readExpectation(parsed, problems),
    timeoutMs: readSeconds("timeout", 10, parsed, problems) * 1000,
    failures: readInteger("failures", 3, 1, parsed, problems),
    state,
    certificateDays: readInteger("certificate-days", 14, 0, parsed, problems),
    receivers:
      state === undefined
        ? withoutReceivers(parsed, problems)
        : readReceivers("alert-url", sources, problems),
    config,
    flags: parsed.flags,
    problems,
  };
}

/** Without a state no alert is sent, but all that is wrong is reported. */
function withoutReceivers(parsed: CommandArguments, problems: string[]): AlertReceivers {
  readMailOptions(parsed, problems);
  return { webhook: undefined, mail: undefined };
}

function readUrl({ positional }: CommandArguments, problems: string[]): URL | undefined {
  if (positional === undefined) {
    problems.push("there is no URL: telltale check-url URL");
    return undefined;
  }
  const url = parseHttpUrl(positional);
  if (url === undefined)
    problems.push("the URL does not begin with https:// or http:// and a host");
  return url;
}

/** A status, or a class of them such as `2xx`. */
const STATUS = /^[1-5](?:\d\d|xx)$/i;

function readExpectation(parsed: CommandArguments, problems: string[]): Expectation {
  const text = textOf(parsed, "expect") ?? "200";
  const parts = text.split(",").map((part) => part.trim().toLowerCase());
  if (!parts.every((part) => STATUS.test(part)))
    problems.push(`--expect: received ${quote(text)}, expected statuses such as 200 or 2xx,301`);
  return (status) =>
    parts.some((part) => part === String(status) || part === `${Math.floor(status / 100)}xx`);
}

const MAX_INTEGER = 1000;

function readInteger(
  option: string,
  fallback: number,
  min: number,
  parsed: CommandArguments,
  problems: string[],
): number {
  const text = textOf(parsed, option) ?? String(fallback);
  const number = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  if (number >= min && number <= MAX_INTEGER) return number;
  problems.push(
    `--${option}: received ${quote(text)}, expected an integer from ${min} to ${MAX_INTEGER}`,
  );
  return fallback;
}
