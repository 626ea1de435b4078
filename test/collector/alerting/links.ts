import assert from "node:assert/strict";
import type { Alert } from "../../../src/ops/alerts/alert.ts";
import type { Message } from "./message.ts";
import type { Monitoring } from "./monitoring.ts";

/** What the links of a message have to lead to. */
export interface Expected {
  readonly alert: Alert;
  readonly service: string;
}

type Check = (url: URL, expected: Expected, monitoring: Monitoring) => Promise<void> | void;

/** What each link has to lead to, by its text. */
const checks: Readonly<Record<string, Check>> = {
  Runbook: leadsToRunbook,
  Dashboard: leadsToPanel,
  Traces: (url, { service }) => {
    assert.equal(url.origin, "https://jaeger.example");
    assert.equal(url.searchParams.get("service"), service);
    includesNow(url, "start", "end");
  },
  "Log lines": (url, { service }) => {
    assert.equal(url.href.split("?")[0], `https://logs.example/${service}`);
    includesNow(url, "from", "to");
  },
  Errors: (url, { service }) => {
    assert.equal(url.origin, "https://sentry.example");
    assert.equal(url.searchParams.get("query"), `service:${service}`);
    includesNow(url, "start", "end");
  },
  Query: leadsToQuery,
};

/**
 * Checks that a message has all links, and where they lead. Systems that don't run here are
 * checked by the address.
 */
export async function checkLinks(
  { links, state }: Message,
  expected: Expected,
  monitoring: Monitoring,
): Promise<void> {
  const all = { ...checks, ...(state !== "RESOLVED" && { Silence: selectsAlert }) };
  assert.deepEqual([...links.keys()].toSorted(), Object.keys(all).toSorted());
  for (const [name, check] of Object.entries(all)) {
    await check(new URL(links.get(name) ?? ""), expected, monitoring);
  }
}

async function leadsToRunbook(url: URL, { alert }: Expected): Promise<void> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url.href);
  assert.ok((await response.text()).startsWith(`# ${alert.name}\n`), url.href);
}

interface Panel {
  readonly id?: number;
  readonly title?: string;
  readonly panels?: readonly Panel[];
}

interface Dashboard {
  readonly uid?: string;
  readonly panels?: readonly Panel[];
}

function leadsToPanel(url: URL, { alert, service }: Expected, { files }: Monitoring): void {
  const [, uid] = /^\/d\/([\w-]+)$/u.exec(url.pathname) ?? [];
  const dashboards = [...files]
    .filter(([path]) => path.startsWith("grafana/") && path.endsWith(".json"))
    .map(([, text]) => JSON.parse(text) as Dashboard);
  const dashboard = dashboards.find((one) => one.uid === uid);
  const panels = (dashboard?.panels ?? []).flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  const panel = panels.find(({ id }) => String(id) === url.searchParams.get("viewPanel"));
  assert.equal(panel?.title, `${alert.name}: ${alert.panel}`, url.href);
  assert.equal(url.searchParams.get("var-job"), service);
  includesNow(url, "from", "to");
}

async function leadsToQuery(url: URL, _expected: Expected, monitoring: Monitoring): Promise<void> {
  assert.equal(url.origin, monitoring.prometheus.url);
  const response = await fetch(url);
  assert.equal(response.status, 200, url.href);
  // Rejects if Prometheus can't evaluate it.
  await monitoring.prometheus.query(url.searchParams.get("g0.expr") ?? "");
}

/** The matchers in the form of a silence have to select the alert, and nothing else. */
async function selectsAlert(
  url: URL,
  { alert, service }: Expected,
  { alertmanagerUrl }: Monitoring,
): Promise<void> {
  assert.equal(url.origin, alertmanagerUrl);
  assert.equal((await fetch(url)).status, 200);
  const [path, query] = url.hash.split("?");
  assert.equal(path, "#/silences/new");
  const filter = new URLSearchParams(query).get("filter") ?? "";
  const matchers = filter.replaceAll(/^\{|\}$/gu, "").split(", ");
  assert.deepEqual(matchers.toSorted(), [`alertname="${alert.name}"`, `service="${service}"`]);
  const search = new URLSearchParams(matchers.map((matcher) => ["filter", matcher]));
  const response = await fetch(`${alertmanagerUrl}/api/v2/alerts?${search.toString()}`);
  const found = (await response.json()) as readonly unknown[];
  assert.ok(found.length > 0, filter);
}

/** The hour before the alert and five minutes after it, in milliseconds. */
function includesNow(url: URL, start: string, end: string): void {
  const [from = 0, to = 0] = [start, end].map((name) => Number(url.searchParams.get(name)));
  const now = Date.now();
  assert.ok(from < now && now < to, url.href);
  assert.equal(to - from, 65 * 60_000);
}
