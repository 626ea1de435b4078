import assert from "node:assert/strict";
import type { Alert } from "../../../src/ops/alerts/alert.ts";
import { commonAlerts } from "../../../src/ops/alerts/alerts.ts";
import { programOrSkip } from "../../programs.ts";
import { pollUntil } from "../../until.ts";
import { type ExpectedAlert, type Fault, faults } from "./faults.ts";
import { checkLinks } from "./links.ts";
import { type Message, type ReceiverName, receiverNames } from "./message.ts";
import { type Monitoring, startMonitoring } from "./monitoring.ts";
import { Services } from "./services.ts";

interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly status: { readonly inhibitedBy: readonly string[] };
}

describe("Messages about services with a planted fault", () => {
  let services: Services;
  let monitoring: Monitoring;

  before(async function () {
    const [prometheus, alertmanager] = [
      programOrSkip(this, "prometheus"),
      programOrSkip(this, "prometheus-alertmanager"),
    ];
    services = await Services.start();
    const { pages } = services;
    monitoring = await startMonitoring({ prometheus, alertmanager, pages });
    await hasTraffic();
  });

  after(async () => {
    await monitoring?.stop();
    await services?.stop();
  });

  for (const fault of faults) {
    it(`report ${fault.title} and its end: ${sentOf(fault)}`, async () => {
      const { receivers } = monitoring;
      receivers.clear();
      try {
        await checkFault(fault);
      } finally {
        await fault.remove(services);
      }
      await checkEnd(fault);
      hasNothingElse(fault, receivers.messages());
    });
  }

  async function checkFault(fault: Fault): Promise<void> {
    const plantedAt = performance.now();
    const since = minuteOf(new Date());
    await fault.plant(services);
    const firing = await waitForAll(fault, (state) => state !== "RESOLVED");
    report(`${fault.title}: seconds to the messages`, plantedAt);
    for (const [expected, message] of firing) await checkFiring(expected, message, since);
    await isInhibited(fault);
  }

  async function checkEnd(fault: Fault): Promise<void> {
    const removedAt = performance.now();
    const resolved = await waitForAll(fault, (state) => state === "RESOLVED");
    report(`${fault.title}: seconds to their end`, removedAt);
    for (const [expected, message] of resolved) await checkResolved(expected, message);
    await isOver();
  }

  /** Waits until rules and the services have a full window, and the small disk is known. */
  async function hasTraffic(): Promise<void> {
    const requests = "increase(http_server_request_duration_seconds_count[10s])";
    const operations = "increase(db_client_operation_duration_seconds_count[10s])";
    for (const query of [
      `count(sum by (job) (${requests}) > 20) == 2`,
      `count(sum by (job, db_system_name) (${operations}) > 20) == 3`,
      `count(system_filesystem_usage_bytes{system_filesystem_mountpoint="${services.mountpoint}"}) >= 4`,
    ])
      await pollUntil(async () => (await monitoring.prometheus.query(query))[0], query);
  }

  type Sent = readonly (readonly [expected: ExpectedAlert, message: Message])[];

  /** Waits for the messages about all alerts, by all receivers that have to get them. */
  async function waitForAll(fault: Fault, hasState: (state: string) => boolean): Promise<Sent> {
    const expected = fault.alerts.flatMap((alert) =>
      receiversOf(alert).map((receiver) => [alert, receiver] as const),
    );
    return Promise.all(
      expected.map(async ([alert, receiver]) => {
        const message = await monitoring.receivers.waitFor(
          (one) => one.receiver === receiver && isAbout(one, alert) && hasState(one.state),
          `${alert.name} of ${alert.service} by ${receiver}`,
        );
        return [alert, message] as const;
      }),
    );
  }

  async function checkFiring(
    expected: ExpectedAlert,
    message: Message,
    since: string,
  ): Promise<void> {
    const { text, state } = message;
    const alert = alertNamed(expected.name);
    const summary = expected.summary(services);
    assert.equal(state, alert.severity.toUpperCase());
    if (typeof summary === "string") assert.ok(text.includes(summary), text);
    else assert.match(text, summary);
    assert.ok(text.includes(`What to do: ${alert.action}\n`), text);
    const [, time = ""] = /^Since (\S+ \S+) UTC$/mu.exec(text) ?? [];
    assert.ok(since <= time && time <= minuteOf(new Date()), text);
    await checkLinks(message, { alert, service: expected.service }, monitoring);
  }

  async function checkResolved(expected: ExpectedAlert, message: Message): Promise<void> {
    assert.match(message.text, /^Since \S+ \S+ UTC, until \d\d:\d\d UTC$/mu);
    const alert = alertNamed(expected.name);
    await checkLinks(message, { alert, service: expected.service }, monitoring);
  }

  /** Waits until the alerts of the same cause fire, too, and Alertmanager holds them back. */
  async function isInhibited({ title, inhibited = [] }: Fault): Promise<void> {
    for (const name of inhibited) {
      await pollUntil(async () => {
        const response = await fetch(`${monitoring.alertmanagerUrl}/api/v2/alerts`);
        const active = (await response.json()) as readonly ActiveAlert[];
        const found = active.filter(({ labels }) => labels["alertname"] === name);
        return found.find(({ status }) => status.inhibitedBy.length > 0);
      }, `${name}, inhibited, at ${title}`);
    }
  }

  /** Waits until no alert of a fault fires. */
  async function isOver(): Promise<void> {
    const names = faults.flatMap(({ alerts, inhibited = [] }) => [
      ...alerts.map(({ name }) => name),
      ...inhibited,
    ]);
    const query = `absent(ALERTS{alertname=~"${names.join("|")}"})`;
    await pollUntil(async () => (await monitoring.prometheus.query(query))[0], query);
  }
});

function receiversOf({ name }: ExpectedAlert): readonly ReceiverName[] {
  const isCritical = alertNamed(name).severity === "critical";
  return receiverNames.filter((receiver) => isCritical || receiver !== "pagerduty");
}

function sentOf({ alerts }: Fault): string {
  return alerts.map(({ name, service }) => `${name} of ${service}`).join(", ");
}

function hasNothingElse(fault: Fault, messages: readonly Message[]): void {
  const others = messages.filter(
    (message) =>
      !fault.alerts.some(
        (alert) => isAbout(message, alert) && receiversOf(alert).includes(message.receiver),
      ),
  );
  assert.deepEqual(
    others.map(({ receiver, title }) => `${receiver}: ${title}`),
    [],
  );
}

function isAbout(message: Message, { name, service }: ExpectedAlert): boolean {
  return message.alert === name && message.service === service;
}

function alertNamed(name: string): Alert {
  const alert = commonAlerts.find((one) => one.name === name);
  if (alert === undefined) throw new Error(`there is no alert ${name}`);
  return alert;
}

/** Messages have no seconds. */
function minuteOf(date: Date): string {
  return date.toISOString().slice(0, 16).replace("T", " ");
}

/** Prints how long it took, if asked to. */
function report(what: string, startedAt: number): void {
  if (process.env["TEST_ALERT_TIMES"] === undefined) return;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stderr.write(`${what}: ${seconds}\n`);
}
