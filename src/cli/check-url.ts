import type { Alert, Severity } from "../alerts/alert.ts";
import { escapeControlCharacters } from "../diagnostics/escape-control-characters.ts";
import { readEnvironment } from "../env.ts";
import { alertSourceIn } from "./alerts/alert-source.ts";
import { type CheckUrlOptions, parseCheckUrlOptions } from "./check-url/options.ts";
import { probe, type Probe, shownUrl } from "./check-url/probe.ts";
import { StateFile, type UrlState } from "./check-url/state-file.ts";
import { afterCheck, afterExpiry, afterNotice, type Notice } from "./check-url/transitions.ts";
import { printJson, printMessage, reportWrongUse } from "./command-output.ts";
import { mailAlert } from "./mail/alert-mail.ts";
import { postAlert } from "./alerts/post-alert.ts";

const HELP = `telltale check-url URL [options]

  Requests a URL once, for cron. With --state, an alert is sent to the webhook
  in TELLTALE_ALERT_URL, and by e-mail, after several failures in a row, and at
  the recovery. Redirects are not followed.

  --expect STATUSES       200 by default; also 2xx, or 200,301
  --timeout SECONDS       10 by default
  --failures N            failures in a row before the alert; default: 3
  --state FILE            where they are counted; several checks may share it
  --certificate-days N    reports a certificate that expires within so many
                          days; default: 14
  --alert-url URL         instead of the variable, which other users of the host
                          can't read
  --mail-to ADDRESS       sends it by e-mail; once for each recipient
  --mail-from ADDRESS     default: the user in --smtp
  --smtp URL              smtp://user@mail.example with STARTTLS, or smtps://
  --smtp-password-file FILE
                          the password of the user in the URL
  --smtp-plaintext        mails it also without TLS, but no password
  --json                  prints one JSON object
  --help

  Exit codes: 0 up, 1 down, or its certificate expires soon, or an alert could
  not be sent, 2 wrong use.
`;

const FOUND = 1;
const DAY_MS = 24 * 60 * 60_000;
const ALERT_TIMEOUT_MS = 30_000;

/** Runs `telltale check-url`. Returns the exit code. */
export async function checkUrl(args: readonly string[]): Promise<number> {
  const options = parseCheckUrlOptions(args, readEnvironment());
  if (options.flags.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  // A reader of the output may end first (`| head`).
  process.stdout.on("error", () => {});
  const { url, problems } = options;
  if (url === undefined || problems.length > 0)
    return reportWrongUse(problems, options.flags.has("json"));
  const found = await probe(url, options.isExpected, options.timeoutMs);
  const check = { url, found, daysLeft: daysLeft(found) };
  const isSettled = await sendNotices(check, options);
  report(check, options);
  return found.isUp && !expiresSoon(check, options) && isSettled ? 0 : FOUND;
}

interface Check {
  readonly url: URL;
  readonly found: Probe;
  /** Days until the certificate expires. */
  readonly daysLeft: number | undefined;
}

function daysLeft({ certificateExpires }: Probe): number | undefined {
  return certificateExpires && Math.floor((certificateExpires.getTime() - Date.now()) / DAY_MS);
}

function expiresSoon({ daysLeft: days }: Check, { certificateDays }: CheckUrlOptions): boolean {
  return days !== undefined && days < certificateDays;
}

/** Counts the check, and sends the alerts that it causes. Returns whether all of that was possible. */
async function sendNotices(check: Check, options: CheckUrlOptions): Promise<boolean> {
  const results = await Promise.allSettled(
    channelsOf(check, options).map((channel) => sendDue(channel, check, options)),
  );
  const errors = results.flatMap((one) => (one.status === "rejected" ? reasonOf(one.reason) : []));
  for (const error of new Set(errors))
    printMessage(`the state can't be used, so no alert is sent: ${error}`);
  return results.every((one) => one.status === "fulfilled" && one.value);
}

/** A receiver with the state of what it was sent. */
interface Channel {
  readonly file: StateFile;
  /** Resolves to the reason if the alert was not taken. */
  readonly send: (alert: Alert) => Promise<string | undefined>;
}

function channelsOf({ url }: Check, { state, receivers }: CheckUrlOptions): Channel[] {
  if (state === undefined) return [];
  const { webhook, mail } = receivers;
  const channels: Channel[] = [];
  if (webhook !== undefined)
    channels.push({
      file: new StateFile(state, url.href, "webhook"),
      send: async (alert) => {
        const outcome = await postAlert(alert, webhook, ALERT_TIMEOUT_MS);
        return outcome.kind === "failed" ? outcome.reason : undefined;
      },
    });
  if (mail !== undefined)
    channels.push({
      file: new StateFile(state, url.href, "mail"),
      send: (alert) => mailAlert(alert, mail, ALERT_TIMEOUT_MS),
    });
  return channels;
}

/** An alert to send, with the state that its text describes. */
interface DueNotice {
  readonly notice: Notice;
  readonly state: UrlState;
}

/**
 * Sends the alerts that are due at one receiver. Returns whether it took all of them.
 *
 * @throws if the state can't be used.
 */
async function sendDue(
  { file, send }: Channel,
  check: Check,
  options: CheckUrlOptions,
): Promise<boolean> {
  const due = await countCheck(file, check, options);
  const sent = await Promise.all(
    due.map(async ({ notice, state }) => {
      const alert: Alert = {
        ...alertSourceIn(process.cwd(), options.config),
        message: textOf(notice, check, state),
        severity: severities[notice],
        time: new Date(),
        fields: {},
      };
      const reason = await send(alert);
      if (reason !== undefined) printMessage(`the alert was not sent: ${reason}`);
      await file.update((current) => afterNotice(current, notice, reason === undefined));
      return reason === undefined;
    }),
  );
  return sent.every(Boolean);
}

async function countCheck(
  file: StateFile,
  check: Check,
  options: CheckUrlOptions,
): Promise<DueNotice[]> {
  const { found } = check;
  const due: DueNotice[] = [];
  await file.update((before) => {
    const counted = afterCheck(before, found, { failures: options.failures, now: Date.now() });
    const expiry = found.certificateExpires?.getTime();
    const warned =
      expiry !== undefined && expiresSoon(check, options)
        ? afterExpiry(counted.state, expiry)
        : { state: counted.state, notice: undefined };
    // The recovery needs the start of the failures, which the new state does not have.
    for (const { notice } of [counted, warned])
      if (notice !== undefined)
        due.push({ notice, state: notice === "recovered" ? before : warned.state });
    return warned.state;
  });
  return due;
}

const severities: Readonly<Record<Notice, Severity>> = {
  down: "critical",
  recovered: "info",
  certificate: "warning",
};

function textOf(notice: Notice, check: Check, { failures, failingSince }: UrlState): string {
  const url = shownUrl(check.url);
  const since = failingSince === undefined ? "" : ` since ${new Date(failingSince).toISOString()}`;
  switch (notice) {
    case "down":
      return `${url} is down${since}: ${failures} failures in a row, the last one ${check.found.outcome}`;
    case "recovered":
      return `${url} is up again: ${check.found.outcome}; it was down${since}`;
    case "certificate":
      return `the certificate of ${check.url.host} expires in ${check.daysLeft} days`;
  }
}

function report(check: Check, options: CheckUrlOptions): void {
  const { url, found } = check;
  const status = found.isUp ? "up" : "down";
  const shown = shownUrl(url);
  if (options.flags.has("json")) {
    const { outcome, status: httpStatus, durationMs } = found;
    const result = { status, url: shown, outcome, httpStatus, durationMs };
    printJson({ ...result, certificateDays: check.daysLeft });
    return;
  }
  const note = expiresSoon(check, options)
    ? `, and its certificate expires in ${check.daysLeft} days`
    : "";
  process.stdout.write(
    `${escapeControlCharacters(`${shown} is ${status}: ${found.outcome} (${found.durationMs} ms)${note}`)}\n`,
  );
}

/** Returns the code of an error of the file system, or its message. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
