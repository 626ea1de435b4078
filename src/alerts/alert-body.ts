import type { AlertReceiver } from "../config/config.ts";
import type { Alert, Severity } from "./alert.ts";

/** Returns the body of the request that posts an alert, as JSON in UTF-8. */
export function alertBody(alert: Alert, format: AlertReceiver["format"]): Uint8Array {
  return Buffer.from(JSON.stringify(format === "slack" ? slackMessage(alert) : record(alert)));
}

const EMOJI: Readonly<Record<Severity, string>> = {
  info: ":information_source:",
  warning: ":warning:",
  error: ":x:",
  critical: ":rotating_light:",
};

/** https://docs.slack.dev/messaging/formatting-message-text */
function slackMessage(alert: Alert): object {
  const { severity, message } = alert;
  const fields = Object.entries(alert.fields).map(
    ([name, value]) => `• ${escapeSlack(name)}: ${escapeSlack(value)}`,
  );
  const lines = [
    `${EMOJI[severity]} *${severity}* ${escapeSlack(message)}`,
    ...fields,
    [...sourceOf(alert).map(escapeSlack), slackTrace(alert)].filter(Boolean).join(" · "),
  ];
  return { text: lines.filter(Boolean).join("\n"), unfurl_links: false, unfurl_media: false };
}

function slackTrace({ traceId, traceUrl }: Alert): string {
  if (traceUrl === undefined) return traceId === undefined ? "" : `trace ${traceId}`;
  // A bar would end the address.
  return `<${escapeSlack(traceUrl.replaceAll("|", "%7C"))}|trace ${traceId}>`;
}

/** Escapes the characters of links, mentions and `<!channel>`. Slack knows no other escapes. */
export function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Receivers with the form of Slack's webhooks, such as Mattermost's, read `text` and ignore the rest. */
function record(alert: Alert): object {
  const { severity, message, traceId, traceUrl } = alert;
  const trace = traceUrl ?? (traceId === undefined ? "" : `trace ${traceId}`);
  const source = [...sourceOf(alert), trace].filter(Boolean).join(" · ");
  return {
    text: `${severity.toUpperCase()}: ${message}${source === "" ? "" : `\n${source}`}`,
    message,
    severity,
    timestamp: alert.time.toISOString(),
    service: alert.service,
    environment: alert.environment,
    release: alert.release,
    trace_id: traceId,
    trace_url: traceUrl,
    request_id: alert.requestId,
    fields: alert.fields,
    omitted: alert.omitted,
  };
}

function sourceOf({ service, environment, release }: Alert): string[] {
  return [service, environment, release].filter((text) => text !== undefined);
}
