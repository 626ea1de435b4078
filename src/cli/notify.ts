import { fstatSync } from "node:fs";
import { alertFields, type Alert, alertText } from "../alerts/alert.ts";
import type { AlertOutcome } from "../alerts/alert-client.ts";
import type { AlertReceiver } from "../config/config.ts";
import { maskAddress } from "../config/mask.ts";
import { escapeControlCharacters } from "../diagnostics/escape-control-characters.ts";
import { readEnvironment } from "../env.ts";
import { createRedactor } from "../redaction/redactor.ts";
import { alertSourceIn } from "./alert-source.ts";
import { type NotifyOptions, parseNotifyOptions } from "./notify/options.ts";
import { postAlert } from "./post-alert.ts";

const HELP = `telltale notify MESSAGE [options]
telltale notify [options] < FILE

  Sends an alert to the webhook in TELLTALE_ALERT_URL: that of Slack, or any
  that takes a POST of JSON. It has the service, the environment and the release
  that the preload detects in the working directory. Secrets are redacted.

  --severity NAME     info, warning, error or critical; default: info
  --field NAME=VALUE  further data, once for each
  --url URL           the webhook; the variable is better, since options are
                      visible to other users of the host
  --timeout SECONDS   of both attempts; default: 30
  --json              prints one JSON object
  --help

  Exit codes: 0 sent, 1 not taken by the receiver, 2 wrong use.
`;

const NOT_SENT = 1;
const WRONG_USE = 2;

/** Runs `telltale notify`. Returns the exit code. */
export async function notify(args: readonly string[]): Promise<number> {
  const options = parseNotifyOptions(args, readEnvironment());
  if (options.flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const { receiver } = options;
  const problems = [...options.problems];
  const message = problems.length > 0 ? "" : await readMessage(options, problems);
  if (problems.length > 0 || receiver === undefined) return reportWrongUse(problems, options);
  const alert = createAlert(message, receiver, options);
  return report(await postAlert(alert, receiver, options.timeoutMs), receiver, options);
}

/** Enough for what an alert shows. */
const MAX_INPUT_LENGTH = 10_000;

async function readMessage({ message }: NotifyOptions, problems: string[]): Promise<string> {
  try {
    const text = message ?? (hasInput() ? await readInput(process.stdin) : "");
    if (text.trim() === "") problems.push("there is no message: telltale notify MESSAGE");
    return text.trim();
  } catch (error) {
    problems.push(`the input can't be read (${String(error)})`);
    return "";
  }
}

function hasInput(): boolean {
  return !process.stdin.isTTY && !fstatSync(0).isDirectory();
}

async function readInput(stream: NodeJS.ReadStream): Promise<string> {
  stream.setEncoding("utf8");
  let text = "";
  for await (const chunk of stream as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MAX_INPUT_LENGTH) break;
  }
  return text;
}

function createAlert(
  message: string,
  { url }: AlertReceiver,
  { severity, fields, config }: NotifyOptions,
): Alert {
  const redactor = createRedactor(config.redaction, (_key, text) => print(text));
  return {
    ...alertSourceIn(process.cwd(), config),
    message: alertText(message, redactor, url),
    severity,
    time: new Date(),
    fields: alertFields(fields, redactor, url),
  };
}

function report(outcome: AlertOutcome, { url }: AlertReceiver, { flags }: NotifyOptions): number {
  const isSent = outcome.kind === "sent";
  const { status: httpStatus } = outcome;
  const result = { status: isSent ? "sent" : "not sent", url: maskAddress(url), httpStatus };
  if (flags.has("json")) {
    const reason = isSent ? undefined : outcome.reason;
    process.stdout.write(`${JSON.stringify({ ...result, reason })}\n`);
  }
  if (!isSent) print(`the alert was not sent: ${outcome.reason}`);
  return isSent ? 0 : NOT_SENT;
}

function reportWrongUse(problems: readonly string[], { flags }: NotifyOptions): number {
  for (const problem of problems) print(problem);
  if (flags.has("json"))
    process.stdout.write(`${JSON.stringify({ status: "wrong use", problems })}\n`);
  return WRONG_USE;
}

/** Prints one line to stderr. */
function print(line: string): void {
  process.stderr.write(`telltale: ${escapeControlCharacters(line)}\n`);
}
