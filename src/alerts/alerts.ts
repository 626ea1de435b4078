import type { AlertOptions } from "../api.ts";
import type { AlertReceiver } from "../config/config.ts";
import { activeContext, activeSpan, runSuppressed } from "../context/manager.ts";
import { logIdsIn } from "../context/unit-access.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import { runWithDeadline } from "../export/deadline.ts";
import type { ExitRequestFactory, Pipeline } from "../export/pipeline.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { expandTraceUrl } from "../trace-url.ts";
import { tryRead } from "../try-read.ts";
import { version } from "../version.ts";
import {
  type Alert,
  alertFields,
  type AlertSource,
  alertText,
  isSeverity,
  severities,
  type Severity,
} from "./alert.ts";
import { alertBody } from "./alert-body.ts";
import { AlertClient } from "./alert-client.ts";
import { AlertLimit } from "./alert-limit.ts";
import { AlertQueue } from "./alert-queue.ts";

export interface AlertsDeps {
  readonly receiver: AlertReceiver;
  /** Detected at the first alert. */
  readonly source: () => AlertSource;
  /** Template of a trace's address. */
  readonly traceUrl: string | undefined;
  readonly redactor: Redactor;
  readonly diagnostics: Diagnostics;
  readonly unsent: UnsentTelemetry;
  /** Runs work outside of the request that sends an alert. */
  readonly outside: <R>(work: () => R) => R;
}

const DEFAULT_SEVERITY: Severity = "warning";
/** Enough of a message that is left out. */
const MAX_LATEST_LENGTH = 8000;

/** Creates, limits and sends the alerts of the app. */
export class Alerts implements Pipeline {
  readonly #deps: AlertsDeps;
  readonly #limit = new AlertLimit();
  readonly #queue: AlertQueue;
  #source: AlertSource | undefined;
  #omittedTimer: NodeJS.Timeout | undefined;

  constructor(deps: AlertsDeps) {
    this.#deps = deps;
    this.#queue = new AlertQueue({
      ...deps,
      client: new AlertClient(deps.receiver, `telltale/${version}`),
    });
  }

  /** Sends an alert in the background, or counts it if there were too many. Throws only if the app's values do. */
  add(message: unknown, options: AlertOptions | undefined): void {
    const text = textOf(message);
    if (text === undefined) {
      this.#deps.diagnostics.warn("alert message", INVALID_MESSAGE);
      return;
    }
    const severity = this.#severityOf(tryRead(() => options?.severity));
    if (!this.#limit.take(severity, text.slice(0, MAX_LATEST_LENGTH))) {
      this.#deps.unsent.mark();
      this.#scheduleOmitted();
      return;
    }
    this.#send({
      ...this.#withoutTrace(text, severity),
      fields: this.#fieldsOf(tryRead(() => options?.fields)),
      ...this.#traceOf(),
    });
  }

  /** Whether an alert, or the number of those left out, is not sent yet. */
  get hasUnsent(): boolean {
    return this.#queue.hasUnsent || this.#limit.hasOmitted;
  }

  async flush(timeoutMs: number): Promise<void> {
    await runWithDeadline(timeoutMs, () => this.#queue.sent());
  }

  drainForExit(): ExitRequestFactory[] {
    this.#sendOmitted();
    return this.#queue.drainForExit();
  }

  #send(alert: Alert): void {
    const { receiver, unsent, outside } = this.#deps;
    unsent.mark();
    const body = alertBody(alert, receiver.format);
    outside(() => runSuppressed(() => this.#queue.add(body)));
  }

  #withoutTrace(message: string, severity: Severity): Alert {
    const { redactor, receiver } = this.#deps;
    this.#source ??= this.#deps.source();
    return {
      ...this.#source,
      message: alertText(message, redactor, receiver.url),
      severity,
      time: new Date(),
      fields: {},
    };
  }

  #fieldsOf(fields: unknown): Alert["fields"] {
    return alertFields(fields, this.#deps.redactor, this.#deps.receiver.url);
  }

  #traceOf(): Pick<Alert, "traceId" | "traceUrl" | "requestId"> {
    const { traceUrl: template } = this.#deps;
    const ids = tryRead(() => activeSpan()?.spanContext());
    const requestId = logIdsIn(activeContext())?.requestId;
    if (ids === undefined || /^0*$/.test(ids.traceId)) return { requestId };
    const service = this.#source?.service ?? "";
    const traceUrl =
      template && expandTraceUrl(template, { ...ids, service, timestampMs: Date.now() });
    return { requestId, traceId: ids.traceId, traceUrl };
  }

  #severityOf(severity: unknown): Severity {
    if (isSeverity(severity)) return severity;
    if (severity !== undefined) this.#deps.diagnostics.warn("alert severity", INVALID_SEVERITY);
    return DEFAULT_SEVERITY;
  }

  #scheduleOmitted(): void {
    this.#omittedTimer ??= this.#deps.outside(() =>
      setTimeout(() => this.#sendOmitted(), this.#limit.remainingMs).unref(),
    );
  }

  /** Sends the number of the alerts that were left out. */
  #sendOmitted(): void {
    clearTimeout(this.#omittedTimer);
    this.#omittedTimer = undefined;
    const omitted = this.#limit.takeOmitted();
    if (omitted === undefined) return;
    const { count, severity, latest } = omitted;
    const alerts = count === 1 ? "1 more alert was" : `${count} more alerts were`;
    this.#send({
      ...this.#withoutTrace(`${alerts} left out within a minute, the latest: ${latest}`, severity),
      omitted: count,
    });
  }
}

const INVALID_MESSAGE = "sendAlert expects a text; the call is ignored";
const INVALID_SEVERITY = `sendAlert expects a severity of ${severities.join(", ")}; ${DEFAULT_SEVERITY} is used instead`;

/** Returns undefined for what is no message. An error is one. */
function textOf(message: unknown): string | undefined {
  const text =
    typeof message === "string"
      ? message
      : tryRead(() => (message instanceof Error ? String(message) : undefined));
  return text?.trim() === "" ? undefined : text;
}
