import type { AlertReceiver } from "../../config/config.ts";
import { ALERT_URL, readReceiver, type ReceiverSources } from "./alert-options.ts";
import type { MailReceiver } from "../mail/alert-mail.ts";
import { readMailOptions } from "../mail/mail-options.ts";

/** Where the alerts of a command go. There is one at least, unless there are problems. */
export interface AlertReceivers {
  readonly webhook: AlertReceiver | undefined;
  readonly mail: MailReceiver | undefined;
}

/**
 * Reads the webhook, which the variable or an option has, and the options of e-mails. Adds
 * what is wrong to `problems`, without addresses of webhooks and passwords.
 *
 * @param option the option with the webhook.
 */
export function readReceivers(
  option: string,
  sources: ReceiverSources,
  problems: string[],
): AlertReceivers {
  const webhook = readWebhook(option, sources, problems);
  const { mail, smtp } = readMailOptions(sources.parsed, problems);
  return { webhook, mail: mail && smtp && { ...mail, smtp } };
}

function readWebhook(
  option: string,
  sources: ReceiverSources,
  problems: string[],
): AlertReceiver | undefined {
  const { texts } = sources.parsed;
  const isSet = texts.has(option) || (sources.environment.get(ALERT_URL) ?? "").trim() !== "";
  if (isSet) return readReceiver(option, sources, problems);
  if (!texts.has("mail-to") && !texts.has("smtp"))
    problems.push(`${ALERT_URL} is not set: set it, or pass --${option}, or --mail-to and --smtp`);
  return undefined;
}
