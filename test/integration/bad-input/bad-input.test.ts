import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { SignalName } from "../../../src/diagnostics/telemetry-counters.ts";
import { knownInstrumentations } from "../../../src/instrumentation/enabled-instrumentations.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import {
  certificates,
  COLLECTOR,
  COLLECTOR_GRPC,
  collectors,
  configurations,
  UNUSED_PORT,
  type BadInputRow,
  sentries,
  withSpansFirst,
} from "./rows.ts";
import { freePort } from "../../free-port.ts";
import { type SignalCounts, type ExitStatus, ServiceProcess } from "./service.ts";
import { quickTelemetryEnv } from "./quick-telemetry-env.ts";

describe("Bad input", () => {
  let receiver: Receiver;
  /** The placeholders of the rows, and their addresses in this run. */
  let addresses: ReadonlyMap<string, string>;
  /** Exit of the app without a preload. */
  let bareExit: ExitStatus;

  before(async () => {
    receiver = await startReceiver({ grpcPort: 0 });
    addresses = new Map([
      [COLLECTOR, `127.0.0.1:${receiver.port}`],
      [COLLECTOR_GRPC, new URL(receiver.grpcUrl ?? "").host],
      [UNUSED_PORT, `127.0.0.1:${await freePort()}`],
      ["NAMES", namesOf(knownInstrumentations)],
    ]);
    const bare = await ServiceProcess.start({}, []);
    bareExit = await bare.end();
  });

  beforeEach(() => {
    receiver.clear();
    receiver.setFaults();
  });

  afterEach(() => ServiceProcess.killAll());

  after(() => receiver.close());

  for (const row of [...configurations, ...collectors, ...sentries]) {
    it(`of ${row.title}: ${inWords(row)}`, () => check(row));
  }

  it("of a port in use is reported in one line, and the app runs on without the page", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const service = await start({ OTEL_EXPORTER_PROMETHEUS_PORT: String(port) });
    await service.waitForStderr((stderr) => stderr.endsWith("\n"));
    assert.deepEqual(await requests(service), [200, 500, 200]);
    assert.deepEqual(await service.end(), bareExit);
    other.close();
    assert.deepEqual(linesOf(service), [
      `port ${port} on 127.0.0.1 is in use by another process; set OTEL_EXPORTER_PROMETHEUS_PORT to a free port; /metrics and /healthz are unavailable, retrying every 30 s`,
    ]);
    await receiver.settled();
    assert.equal(receiver.spans.length, 3);
  });

  for (const [title, env, reason] of certificates) {
    it(`of ${title} is reported in one line, and the app runs on without the page`, async () => {
      const service = await start(env);
      await service.waitForStderr((stderr) => stderr.endsWith("\n"));
      assert.deepEqual(await requests(service), [200, 500, 200]);
      assert.deepEqual(await service.end(), bareExit);
      assert.deepEqual(linesOf(service), [
        `${reason}; /metrics and /healthz are unavailable, retrying every 30 s`,
      ]);
      await receiver.settled();
      assert.equal(receiver.spans.length, 3);
    });
  }

  /** Sends three requests, one of which fails on purpose, and then SIGTERM. */
  async function check(row: BadInputRow): Promise<void> {
    receiver.setFaults(...(row.faults ?? []));
    const service = await start({ ...endOf(row), ...row.env });
    assert.deepEqual(await requests(service), [200, 500, 200]);
    const expected = expectedCounts(row);
    await service.waitForCounts((counts) => isAsExpected(counts, expected));
    await service.waitForStderr((stderr) => stderr.split("\n").length > row.lines.length);
    assert.equal(await service.get("/missing"), 404);
    assert.deepEqual(await service.end(), bareExit);
    const lines = linesOf(service).map(withSpansFirst).toSorted();
    assert.deepEqual(lines, row.lines.map(withAddresses).map(withSpansFirst).toSorted());
    checkReceived(expected);
    checkTimes(row);
  }

  function start(env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
    const all = { ...quickTelemetryEnv(receiver), ...env };
    const entries = Object.entries(all).map(
      ([name, value]) => [name, withAddresses(value)] as const,
    );
    return ServiceProcess.start(Object.fromEntries(entries));
  }

  function withAddresses(text: string): string {
    return [...addresses].reduce((done, [name, place]) => done.replaceAll(name, place), text);
  }

  function checkReceived(expected: Readonly<Record<string, SignalCounts>>): void {
    const sent = (signal: string): number => expected[signal]?.["sent"] ?? 0;
    // The last request followed the reading of the counters, so its telemetry may have arrived.
    const early = receiver.spans.filter(({ attributes }) => attributes["url.path"] !== "/missing");
    assert.equal(early.length, sent("spans"));
    assert.equal(receiver.logs.length, sent("logs"));
    assert.equal(receiver.events.length, sent("events"));
  }

  function checkTimes({ atLeastMs }: BadInputRow): void {
    if (atLeastMs === undefined) return;
    for (const path of ["/v1/traces", "/v1/logs"]) {
      const [first, second] = receiver.requests.filter((request) => request.path === path);
      const waited = (second?.at ?? 0) - (first?.at ?? 0);
      assert.ok(waited >= atLeastMs, `${path} was tried again after ${waited} ms`);
    }
  }
});

/** Without a response, the exit flush uses its whole time limit. */
function endOf({ faults = [] }: BadInputRow): Readonly<Record<string, string>> {
  const isVain = faults.some(({ kind }) => ["hang", "no-read", "slow-body"].includes(kind));
  return isVain ? { TELLTALE_FLUSH_TIMEOUT: "3000" } : {};
}

async function requests(service: ServiceProcess): Promise<number[]> {
  return [await service.get(), await service.get("/fail"), await service.get()];
}

/** The app writes a log line at its start, and one for each request that doesn't fail. */
function expectedCounts({
  spans,
  logs,
  events,
}: BadInputRow): Readonly<Record<string, SignalCounts>> {
  return {
    spans: spans ?? { sent: 3 },
    logs: logs ?? { sent: 3 },
    events: events ?? { sent: 1 },
  };
}

function isAsExpected(
  counts: Readonly<Record<SignalName, SignalCounts>>,
  expected: Readonly<Record<string, SignalCounts>>,
): boolean {
  const { spans, logs, events } = counts;
  return JSON.stringify({ spans, logs, events }) === JSON.stringify(expected);
}

function linesOf({ stderr }: ServiceProcess): string[] {
  assert.match(stderr, /^$|\n$/);
  const lines = stderr.split("\n").slice(0, -1);
  return lines
    .map((line) => /^telltale: (.*)$/.exec(line)?.[1] ?? `not ours: ${line}`)
    .map((line) => line.replace(/\((EPROTO|ERR_SSL\w*)\)/, "(ERR_SSL)"))
    .toSorted();
}

function namesOf(names: ReadonlySet<string>): string {
  const all = [...names];
  return `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}

function inWords({ lines }: BadInputRow): string {
  if (lines.length === 0) return "no line, and the app runs on";
  return `${lines.length === 1 ? "one line" : `${lines.length} lines`}, and the app runs on`;
}
