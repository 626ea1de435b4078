import { maskAddress } from "../../config/mask.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import { version } from "../../version.ts";
import type { App } from "./app.ts";
import { createFinding, type Finding } from "./finding.ts";
import { certificateProblem } from "./otlp-check.ts";
import { probe } from "./probe.ts";
import { hex } from "./test-items.ts";

const TIMEOUT_MS = 10_000;

export interface SentryCheck {
  /** Scheme, host and port. */
  readonly address: string;
  /** The event that Sentry has accepted. */
  readonly eventId: string | undefined;
  readonly findings: readonly Finding[];
}

/** Sends one event, marked as a test. Undefined without a DSN. */
export async function checkSentry(app: App): Promise<SentryCheck | undefined> {
  const { dsn } = app.config.errors;
  if (dsn === undefined) return undefined;
  const url = new URL(dsn);
  const address = maskAddress(url.origin);
  const eventId = hex(16);
  const result = await probe({
    url: envelopeUrl(url),
    headers: { "content-type": "application/x-sentry-envelope" },
    body: testEnvelope(app, eventId),
    timeoutMs: TIMEOUT_MS,
  });
  if (result.kind === "silent") {
    const reason = `no answer within ${result.ms} ms`;
    return {
      address,
      eventId: undefined,
      findings: [createFinding("sentry-unreachable", { address, reason })],
    };
  }
  if (result.kind === "failure") {
    const { code } = result;
    const id = certificateProblem(code) ?? "sentry-unreachable";
    return {
      address,
      eventId: undefined,
      findings: [createFinding(id, { address, code, reason: code })],
    };
  }
  const { status, statusText, headers } = result.response;
  if (status >= 200 && status < 300) return { address, eventId, findings: [] };
  const detail = headers["x-sentry-error"];
  const words = excerpt(typeof detail === "string" ? detail : statusText);
  const reason = `it answers ${status} ${words}`.trimEnd();
  return {
    address,
    eventId: undefined,
    findings: [createFinding("sentry-rejected", { address, reason })],
  };
}

/** https://develop.sentry.dev/sdk/data-model/envelopes/#endpoint */
function envelopeUrl({ origin, pathname, username }: URL): string {
  const slash = pathname.lastIndexOf("/");
  const project = pathname.slice(slash + 1);
  const key = new URLSearchParams({ sentry_version: "7", sentry_key: username });
  return `${origin}${pathname.slice(0, slash)}/api/${project}/envelope/?${key.toString()}`;
}

function testEnvelope({ release, environmentName }: App, eventId: string): Uint8Array {
  const event = {
    event_id: eventId,
    timestamp: Date.now() / 1000,
    platform: "node",
    level: "info",
    message: "telltale doctor: a test event",
    logger: "telltale doctor",
    release: release?.name,
    environment: environmentName ?? "production",
    tags: { "telltale.doctor": "true" },
    fingerprint: ["telltale-doctor"],
    sdk: { name: "telltale", version },
  };
  const head = { event_id: eventId, sent_at: new Date().toISOString() };
  const lines = [head, { type: "event" }, event].map((line) => JSON.stringify(line));
  return Buffer.from(`${lines.join("\n")}\n`);
}
