import { truncate } from "../text.ts";
import { maskAddress } from "../config/mask.ts";
import { escapeControlCharacters } from "../diagnostics/escape-control-characters.ts";
import { readEnvironment } from "../env.ts";
import { printJson, printMessage, reportWrongUse } from "./command-output.ts";
import { postBody } from "./alerts/post-alert.ts";
import { collectReport } from "./report/collection.ts";
import { blocksOf, summaryOf, titleOf } from "./report/document.ts";
import { renderHtml } from "./report/html.ts";
import { renderMail } from "./mail/mail-message.ts";
import { renderMarkdown } from "./report/markdown.ts";
import type { MailParties } from "./mail/mail-options.ts";
import { parseReportOptions, type ReportFormat, type ReportOptions } from "./report/options.ts";
import { PrometheusApi, PrometheusError } from "./prometheus/prometheus-api.ts";
import type { Report } from "./report/report.ts";
import { slackMessage } from "./report/slack-message.ts";
import { sendMail } from "./mail/smtp-client.ts";

const HELP = `telltale report daily|weekly --prometheus URL [options]

  Writes a report of the last day, or of the last seven days, from the metrics
  in Prometheus, compared with the period before: objectives and error budgets,
  availability, traffic, durations, the slowest and most failing routes,
  exceptions, deployments, alerts, and dropped telemetry. Without --slack and
  --mail-to, it goes to stdout as Markdown.

  --prometheus URL        the HTTP API: http://localhost:9090
  --prometheus-token-file FILE
                          a bearer token
  --prometheus-password-file FILE
                          the password of the user in the URL
  --service NAME          once for each service; default: all
  --end TIME              2026-11-30T00:00:00Z, or seconds since 1970; default:
                          the last midnight
  --timezone NAME         Europe/Zurich; default: that of the host
  --timeout SECONDS       of all queries; default: 120
  --format NAME           markdown, html with charts, or eml, an e-mail for
                          sendmail -t
  --json                  prints one JSON object
  --slack                 posts it to the webhook in TELLTALE_ALERT_URL
  --alert-url URL         posts it to this one, which other users of the host
                          can read
  --mail-to ADDRESS       mails it; once for each recipient
  --mail-from ADDRESS     default: the user in --smtp
  --smtp URL              smtp://user@mail.example with STARTTLS, or smtps://
  --smtp-password-file FILE
                          the password of the user in the URL
  --smtp-plaintext        mails it also without TLS, but no password
  --help

  Exit codes: 0 done, 1 no data, or a failure of Prometheus or of what it is
  sent to, 2 wrong use.
`;

const FAILED = 1;
const SEND_TIMEOUT_MS = 60_000;

/** Runs `telltale report`. Returns the exit code. */
export async function report(args: readonly string[]): Promise<number> {
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const now = new Date();
  const { options, problems, flags } = parseReportOptions(args, readEnvironment(), now);
  if (flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  const asJson = flags.has("json");
  if (options === undefined) return reportWrongUse(problems, asJson);
  const found = await collect(options);
  if (found instanceof PrometheusError) {
    printMessage(`there is no report: ${found.message}`);
    if (asJson) printJson({ status: "failed", reason: found.message });
    return FAILED;
  }
  const sent = await sendAll(found, options, now);
  const hasData = found.services.some(({ requests, telemetry }) => requests.now ?? telemetry);
  if (asJson) printJson(jsonOf(found, sent, hasData));
  else printReport(found, options, now);
  if (!hasData)
    printMessage("the report has no data; check --prometheus, --service and the period");
  return hasData && sent.every(({ reason }) => reason === undefined) ? 0 : FAILED;
}

async function collect(options: ReportOptions): Promise<Report | PrometheusError> {
  try {
    return await collectReport(new PrometheusApi(options.prometheus, options.timeoutMs), options);
  } catch (error) {
    if (error instanceof PrometheusError) return error;
    throw error;
  }
}

/** Where a report was sent. */
interface SentReport {
  readonly target: string;
  /** Why it was not taken. */
  readonly reason: string | undefined;
}

/** Sends the report to each target, and prints what became of it. */
async function sendAll(
  found: Report,
  { webhook, mail, smtp }: ReportOptions,
  now: Date,
): Promise<SentReport[]> {
  const sent: SentReport[] = [];
  if (webhook !== undefined) {
    const body = webhook.format === "slack" ? slackBody(found) : jsonBody(found, now);
    const outcome = await postBody(Buffer.from(JSON.stringify(body)), webhook, SEND_TIMEOUT_MS);
    const reason = outcome.kind === "failed" ? outcome.reason : undefined;
    sent.push({ target: maskAddress(webhook.url), reason });
  }
  if (mail !== undefined && smtp !== undefined) {
    const message = mailOf(found, mail, now);
    const to = mail.to.map(({ address }) => address);
    const envelope = { from: mail.from.address, to, message };
    const reason = await sendMail(smtp, envelope, SEND_TIMEOUT_MS);
    sent.push({ target: to.join(", "), reason });
  }
  for (const { target, reason } of sent)
    if (reason !== undefined) printMessage(`the report was not sent to ${target}: ${reason}`);
  return sent;
}

function slackBody(found: Report): object {
  return slackMessage(blocksOf(found), `${titleOf(found)}: ${summaryOf(found)}`);
}

/** Receivers with the form of Slack's webhooks, such as Mattermost's, show `text`, to 16,383 characters. */
const MAX_TEXT_LENGTH = 16_000;

function jsonBody(found: Report, now: Date): object {
  return {
    text: truncate(renderMarkdown(blocksOf(found)), MAX_TEXT_LENGTH),
    message: `${titleOf(found)}: ${summaryOf(found)}`,
    severity: "info",
    timestamp: now.toISOString(),
    report: found,
  };
}

function mailOf(found: Report, { from, to }: MailParties, now: Date): string {
  const blocks = blocksOf(found);
  const title = titleOf(found);
  const name = `report-${found.period.end.toISOString().slice(0, 10)}.html`;
  return renderMail({
    ...{ from, to, date: now, subject: `${title}: ${summaryOf(found)}` },
    text: renderMarkdown(blocks),
    html: renderHtml(blocks, { title, hasCharts: false }),
    attachment: { name, html: renderHtml(blocks, { title, hasCharts: true }) },
  });
}

function printReport(
  found: Report,
  { format, mail, webhook, smtp }: ReportOptions,
  now: Date,
): void {
  if (format !== undefined) process.stdout.write(render(found, format, mail, now));
  else if (webhook ?? smtp) process.stdout.write(`${escapeControlCharacters(summaryOf(found))}\n`);
}

function render(
  found: Report,
  format: ReportFormat,
  mail: MailParties | undefined,
  now: Date,
): string {
  if (format === "eml" && mail !== undefined) return mailOf(found, mail, now);
  const blocks = blocksOf(found);
  return format === "html"
    ? renderHtml(blocks, { title: titleOf(found), hasCharts: true })
    : renderMarkdown(blocks);
}

function jsonOf(found: Report, sent: readonly SentReport[], hasData: boolean): object {
  const isSent = sent.every(({ reason }) => reason === undefined);
  const status = hasData ? (isSent ? "done" : "failed") : "no data";
  return { status, ...found, sent };
}
