import type { AlertSeverity } from "../api.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { truncate } from "../text.ts";
import { tryRead } from "../try-read.ts";

export type Severity = AlertSeverity;

/** From the lowest to the highest. */
export const severities: readonly Severity[] = ["info", "warning", "error", "critical"];

/** Whether a value of the app or of an option is a severity. */
export function isSeverity(value: unknown): value is Severity {
  return (severities as readonly unknown[]).includes(value);
}

/** What sends the alert. */
export interface AlertSource {
  readonly service: string | undefined;
  readonly environment: string | undefined;
  readonly release: string | undefined;
}

/** One alert, without secrets. */
export interface Alert extends AlertSource {
  readonly message: string;
  readonly severity: Severity;
  readonly time: Date;
  readonly fields: Readonly<Record<string, string>>;
  readonly traceId?: string | undefined;
  readonly traceUrl?: string | undefined;
  readonly requestId?: string | undefined;
  /** The number of alerts that were left out, on the one that reports them. */
  readonly omitted?: number;
}

/** Slack shows no more of a text than 4,000 characters, and truncates it at 40,000. */
const MAX_MESSAGE_LENGTH = 3000;
/** A secret that is cut in two here is not shown. */
const MAX_READ_LENGTH = 8000;
const MAX_FIELDS = 20;
const MAX_FIELD_LENGTH = 200;

/**
 * Removes the secrets of a message, and truncates it.
 *
 * @param secretUrl the address of the receiver, which is one of them; undefined for an e-mail.
 */
export function alertText(
  message: string,
  redactor: Redactor,
  secretUrl: string | undefined,
): string {
  const text = withoutUrl(truncate(message, MAX_READ_LENGTH), secretUrl);
  const redacted = redactor.text(text);
  const shown = truncate(redacted, MAX_MESSAGE_LENGTH);
  return shown.length < redacted.length ? `${shown}…` : shown;
}

/** Returns fields as texts, without secrets. What is not readable is left out. */
export function alertFields(
  fields: unknown,
  redactor: Redactor,
  secretUrl: string | undefined,
): Readonly<Record<string, string>> {
  if (typeof fields !== "object" || fields === null) return {};
  const names = (tryRead(() => Object.keys(fields)) ?? []).slice(0, MAX_FIELDS);
  const entries = names.flatMap((name) => {
    const value = tryRead(() => redactor.field(name, (fields as Record<string, unknown>)[name]));
    const text = tryRead(() => fieldText(value));
    if (text === undefined) return [];
    const shown = truncate(withoutUrl(text, secretUrl), MAX_FIELD_LENGTH);
    return [[truncate(name, MAX_FIELD_LENGTH), shown] as const];
  });
  return Object.fromEntries(entries);
}

function withoutUrl(text: string, secretUrl: string | undefined): string {
  return secretUrl === undefined ? text : text.replaceAll(secretUrl, "***");
}

/** Returns undefined for what has no text: undefined, functions and symbols. */
function fieldText(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    default:
      return JSON.stringify(value);
  }
}
