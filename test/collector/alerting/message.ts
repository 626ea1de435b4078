import assert from "node:assert/strict";
import { contentOf } from "../../operations/receivers/mail.ts";
import type { ReceivedMail } from "../../operations/receivers/smtp.ts";
import type { WebhookCall } from "../../operations/receivers/webhook.ts";

export const receiverNames = ["slack", "pagerduty", "email"] as const;

export type ReceiverName = (typeof receiverNames)[number];

/** A message of Alertmanager about one group of alerts, as a receiver got it. */
export interface Message {
  readonly receiver: ReceiverName;
  /** `[CRITICAL] shop: HighErrorRatio`. */
  readonly title: string;
  /** `CRITICAL`, `WARNING` or `INFO` while an alert of the group fires, else `RESOLVED`. */
  readonly state: string;
  readonly service: string;
  readonly alert: string;
  readonly text: string;
  /** Addresses by the texts of their links. */
  readonly links: ReadonlyMap<string, string>;
}

/** Reads a call of Slack's incoming webhooks. */
export function slackMessage({ path, body }: WebhookCall): Message {
  assert.equal(path, "/services/T0/B0/secret");
  assert.equal(body["channel"], "#alerts");
  const [attachment] = body["attachments"] as readonly { title: string; text: string }[];
  const { title, text } = attachment!;
  const links = [...text.matchAll(/<([^|>]+)\|([^>]+)>/gu)].map(
    ([, url = "", name = ""]) => [name, url] as const,
  );
  return messageOf("slack", title, text.replaceAll("*", ""), links);
}

interface PagerDutyEvent {
  readonly routing_key: string;
  readonly event_action: "trigger" | "resolve";
  readonly dedup_key: string;
  readonly payload: {
    readonly summary: string;
    readonly severity: string;
    readonly class: string;
    readonly component: string;
    readonly custom_details: { readonly alerts: string };
  };
}

/** Reads an event of PagerDuty's Events API v2. */
export function pagerDutyMessage({ path, body }: WebhookCall): Message {
  assert.equal(path, "/v2/enqueue");
  const event = body as unknown as PagerDutyEvent;
  assert.equal(event.routing_key, "key-of-the-shop");
  assert.ok(event.dedup_key.length > 0);
  const { summary, severity, custom_details: details, ...payload } = event.payload;
  const [title = ""] = /^\[.*?\] \S+: \w+(?: \(\d+\))?/u.exec(summary) ?? [];
  const message = messageOf("pagerduty", title, details.alerts, lineLinks(details.alerts));
  assert.equal(message.state === "RESOLVED", event.event_action === "resolve");
  assert.equal(severity, "critical");
  assert.equal(payload.class, message.alert);
  assert.equal(payload.component, message.service);
  return message;
}

/** Reads an e-mail, whose two parts have to have the same links. */
export function mailMessage(mail: ReceivedMail): Message {
  assert.deepEqual(mail.recipients, ["team@shop.example"]);
  const text = contentOf(mail, "text/plain") ?? "";
  const links = lineLinks(text);
  const html = contentOf(mail, "text/html") ?? "";
  const shown = [...html.matchAll(/<a href="([^"]+)">([^<]+)<\/a>/gu)].map(
    ([, url = "", name = ""]) => [name, decodeHtml(url)] as const,
  );
  assert.deepEqual(shown, links);
  return messageOf("email", mail.headers.get("subject") ?? "", text, links);
}

function messageOf(
  receiver: ReceiverName,
  title: string,
  text: string,
  links: readonly (readonly [name: string, url: string])[],
): Message {
  const [, state, service, alert] = /^\[(\w+)\] (\S+): (\w+)(?: \(\d+\))?$/u.exec(title) ?? [];
  if (state === undefined || service === undefined || alert === undefined)
    throw new Error(`${receiver}: unknown title ${JSON.stringify(title)}`);
  return { receiver, title, state, service, alert, text, links: new Map(links) };
}

function lineLinks(text: string): (readonly [name: string, url: string])[] {
  return [...text.matchAll(/^([A-Z][a-z ]+): (https?:\S+)$/gmu)].map(
    ([, name = "", url = ""]) => [name, url] as const,
  );
}

function decodeHtml(text: string): string {
  return text
    .replaceAll(/&#(\d+);/gu, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&amp;", "&");
}
