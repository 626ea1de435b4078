import type { Alert } from "../../alerts/alert.ts";
import { truncate } from "../../text.ts";
import { renderTextMail } from "./mail-message.ts";
import type { MailParties } from "./mail-options.ts";
import { sendMail, type SmtpTarget } from "./smtp-client.ts";

/** Where alerts are sent by e-mail. */
export interface MailReceiver extends MailParties {
  readonly smtp: SmtpTarget;
}

/**
 * Sends an alert by e-mail, once. Resolves to the reason, in words without secrets, if it was
 * not taken.
 *
 * @param timeoutMs time limit, in milliseconds.
 */
export async function mailAlert(
  alert: Alert,
  { from, to, smtp }: MailReceiver,
  timeoutMs: number,
): Promise<string | undefined> {
  const content = { subject: subjectOf(alert), text: textOf(alert), date: alert.time };
  const addresses = to.map(({ address }) => address);
  const message = renderTextMail({ from, to, ...content });
  const envelope = { from: from.address, to: addresses, message };
  const reason = await sendMail(smtp, envelope, timeoutMs);
  return reason === undefined ? undefined : `e-mail to ${addresses.join(", ")}: ${reason}`;
}

/** What lists of e-mails show of a subject, and a long URL. */
const MAX_SUBJECT_LENGTH = 120;

/** Returns the severity and the first words of the message, such as `CRITICAL: … is down`. */
export function subjectOf({ severity, message }: Pick<Alert, "severity" | "message">): string {
  const line = message.trim().split(/[\r\n]/, 1)[0] ?? "";
  return `${severity.toUpperCase()}: ${firstWords(line)}`;
}

function firstWords(line: string): string {
  if (line.length <= MAX_SUBJECT_LENGTH) return line;
  const start = truncate(line, MAX_SUBJECT_LENGTH);
  const end = start.lastIndexOf(" ");
  return `${end > 0 ? start.slice(0, end) : start}…`;
}

function textOf(alert: Alert): string {
  const { message, severity, time, service, environment, release, fields } = alert;
  const details = {
    ...{ severity, time: time.toISOString(), service, environment, release },
    ...fields,
  };
  const lines = Object.entries(details).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return `${message}\n\n${lines.join("\n")}\n`;
}
