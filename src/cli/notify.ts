import { fstatSync } from "node:fs";
import { alertFields, type Alert, alertText } from "../alerts/alert.ts";
import type { AlertOutcome } from "../alerts/alert-client.ts";
import { maskAddress } from "../config/mask.ts";
import { readEnvironment } from "../env.ts";
import { createRedactor } from "../redaction/redactor.ts";
import { alertSourceIn } from "./alerts/alert-source.ts";
import { printJson, printMessage, reportWrongUse } from "./command-output.ts";
import { mailAlert } from "./mail/alert-mail.ts";
import { type NotifyOptions, parseNotifyOptions } from "./notify/options.ts";
import { postAlert } from "./alerts/post-alert.ts";

const HELP = `telltale notify MESSAGE [options]
telltale notify [options] < FILE

  Sends an alert to the webhook in TELLTALE_ALERT_URL, that of Slack, or any
  that takes a POST of JSON, and by e-mail. It has the service, the environment
  and the release that the preload detects in the working directory. Secrets are
  redacted.

  --severity NAME     info, warning, error or critical; default: info
  --field NAME=VALUE  further data, once for each
  --url URL           the webhook; the variable is better, since options are
                      visible to other users of the host
  --mail-to ADDRESS   sends it by e-mail; once for each recipient
  --mail-from ADDRESS default: the user in --smtp
  --smtp URL          smtp://user@mail.example with STARTTLS, or smtps://
  --smtp-password-file FILE
                      the password of the user in the URL
  --smtp-plaintext    mails it also without TLS, but no password
  --timeout SECONDS   of both attempts; default: 30
  --json              prints one JSON object
  --help

  Exit codes: 0 sent, 1 not taken by a receiver, 2 wrong use.
`;

const NOT_SENT = 1;

/** Runs `telltale notify`. Returns the exit code. */
export async function notify(args: readonly string[]): Promise<number> {
  const options = parseNotifyOptions(args, readEnvironment());
  if (options.flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const problems = [...options.problems];
  const message = problems.length > 0 ? "" : await readMessage(options, problems);
  if (problems.length > 0) return reportWrongUse(problems, options.flags.has("json"));
  const alert = createAlert(message, options);
  const { webhook, mail } = options.receivers;
  const [posted, mailProblem] = await Promise.all([
    webhook && postAlert(alert, webhook, options.timeoutMs),
    mail && mailAlert(alert, mail, options.timeoutMs),
  ]);
  return report({ posted, mailProblem }, options);
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
  { severity, fields, config, receivers }: NotifyOptions,
): Alert {
  const url = receivers.webhook?.url;
  const redactor = createRedactor(config.redaction, (_key, text) => printMessage(text));
  return {
    ...alertSourceIn(process.cwd(), config),
    message: alertText(message, redactor, url),
    severity,
    time: new Date(),
    fields: alertFields(fields, redactor, url),
  };
}

/** What became of an alert. */
interface Outcome {
  readonly posted: AlertOutcome | undefined;
  /** Why the e-mail was not taken. */
  readonly mailProblem: string | undefined;
}

function report({ posted, mailProblem }: Outcome, { flags, receivers }: NotifyOptions): number {
  const reason = posted?.kind === "failed" ? posted.reason : undefined;
  const reasons = [reason, mailProblem].filter((text) => text !== undefined);
  const isSent = reasons.length === 0;
  const { webhook, mail } = receivers;
  if (flags.has("json")) {
    const result = {
      status: isSent ? "sent" : "not sent",
      url: webhook && maskAddress(webhook.url),
      httpStatus: posted?.status,
      reason,
      mail: mail && { to: mail.to.map(({ address }) => address), reason: mailProblem },
    };
    printJson(result);
  }
  for (const text of reasons) printMessage(`the alert was not sent: ${text}`);
  return isSent ? 0 : NOT_SENT;
}
