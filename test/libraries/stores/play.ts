import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { Received } from "../../../src/testing/store.ts";
import type { ReceivedEvent, ReceivedMetric, ReceivedSpan } from "../../../src/testing/received.ts";
import { eventText } from "../../errors/events.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../../integration/program.ts";
import { nodes } from "../../nodes.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import type { StoreRow } from "./rows.ts";

/** Telemetry and output of a row's program. */
export interface StoreRun {
  /** Client spans below each request's span, in the order of their start. */
  readonly calls: Readonly<Record<string, readonly ReceivedSpan[]>>;
  /** The event of each step. */
  readonly events: Readonly<Record<string, ReceivedEvent>>;
  readonly metrics: readonly ReceivedMetric[];
  /** Prometheus page before the end, while pools are open. */
  readonly page: string;
  readonly process: ProgramResult;
  readonly received: Received;
}

/** Sends a request for each step of a row to its program, one after the other, and then ends it. */
export async function runStore(
  row: StoreRow,
  url: string,
  env: Readonly<Record<string, string>> = {},
): Promise<StoreRun> {
  const receiver = await startReceiver();
  const adminPort = await freePort();
  const program = new Program({
    file: fileURLToPath(
      new URL(`apps/main.${row.moduleSystem === "esm" ? "mjs" : "cjs"}`, import.meta.url),
    ),
    node: nodes.find(({ name }) => name === row.node)?.path ?? assert.fail(row.node),
    flags: [...preload.import, ...(row.flags ?? [])],
    env: {
      ...telemetryEnv(receiver),
      OTEL_METRICS_EXPORTER: "prometheus,otlp",
      OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_METRIC_EXPORT_INTERVAL: "600000",
      LIBRARY: row.installed,
      PROGRAM: row.program,
      URL: url,
      ...env,
    },
  });
  try {
    const port = await program.waitForStdout((stdout) => /^(\d+)\n/.exec(stdout)?.[1]);
    for (const { step } of row.steps) await ask(port, step);
    const page = await (await adminPage(adminPort, "/metrics")).text();
    await ask(port, "end");
    const ended = await program.ended;
    await receiver.settled();
    return { ...receivedTelemetry(row, receiver), page, process: ended, received: receiver };
  } finally {
    program.kill("SIGKILL");
    await Promise.all([program.ended, receiver.close()]);
  }
}

async function ask(port: string, step: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/${step}`);
  const text = await response.text();
  assert.equal(response.status, 200, `${step}: ${text}`);
}

function receivedTelemetry(
  { steps }: StoreRow,
  { spans, metrics, events }: Receiver,
): Pick<StoreRun, "calls" | "metrics" | "events"> {
  const calls = steps.map(({ step }) => {
    const request = spans.find(({ attributes }) => attributes["url.path"] === `/${step}`);
    assert.ok(request, `the span of ${step}`);
    return [
      step,
      spans.filter((span) => span.kind === "CLIENT" && isBelow(span, request)).toSorted(byStart),
    ];
  });
  return {
    calls: Object.fromEntries(calls) as StoreRun["calls"],
    metrics: metrics.filter(({ name }) => name.startsWith("db.")),
    events: Object.fromEntries(events.map((event) => [String(eventText(event)), event])),
  };
}

function isBelow(span: ReceivedSpan, parent: ReceivedSpan): boolean {
  return span.traceId === parent.traceId && span.parentSpanId === parent.spanId;
}

function byStart(a: ReceivedSpan, b: ReceivedSpan): number {
  return Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano));
}
