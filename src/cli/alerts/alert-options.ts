import type { AlertReceiver, Config } from "../../config/config.ts";
import { parseAlertUrl } from "../../config/link-urls.ts";
import { quote } from "../../config/mask.ts";
import type { Environment } from "../../env.ts";
import type { CommandArguments } from "../arguments.ts";

/*
 * Options that commands with alerts share. Each function adds what is wrong to `problems`,
 * without the address of the receiver.
 */

/** The variable with the address of the webhook. */
export const ALERT_URL = "TELLTALE_ALERT_URL";
const MAX_SECONDS = 3600;

/** Returns the last text of an option. */
export function textOf({ texts }: CommandArguments, option: string): string | undefined {
  return texts.get(option)?.at(-1);
}

/** What the receiver is read from. */
export interface ReceiverSources {
  readonly parsed: CommandArguments;
  readonly environment: Environment;
  readonly config: Config;
}

/** Returns the receiver of an option or, without it, of the variable. */
export function readReceiver(
  option: string,
  { parsed, environment, config }: ReceiverSources,
  problems: string[],
): AlertReceiver | undefined {
  const text = textOf(parsed, option);
  if (text !== undefined) {
    const receiver = parseAlertUrl(text, () => {});
    if (receiver === undefined) problems.push(invalidAlertUrl(`--${option}`));
    return receiver;
  }
  if (config.alertReceiver === undefined) {
    const isSet = (environment.get(ALERT_URL) ?? "").trim() !== "";
    problems.push(
      isSet ? invalidAlertUrl(ALERT_URL) : `${ALERT_URL} is not set: set it, or pass --${option}`,
    );
  }
  return config.alertReceiver;
}

/** Describes an invalid address of a webhook, which is a secret. */
export function invalidAlertUrl(name: string): string {
  return `${name}: received ***, expected a URL that begins with https:// or http:// and a host`;
}

/** Returns a number of seconds; 0 for an invalid one. */
export function readSeconds(
  option: string,
  fallback: number,
  parsed: CommandArguments,
  problems: string[],
): number {
  const text = textOf(parsed, option) ?? String(fallback);
  const seconds = /^\d{1,4}(?:\.\d{1,3})?$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  problems.push(
    `--${option}: received ${quote(text)}, expected seconds, more than 0 and at most ${MAX_SECONDS}`,
  );
  return 0;
}
