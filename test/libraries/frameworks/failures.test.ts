import assert from "node:assert/strict";
import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/testing/received.ts";
import { PrefetchQueue } from "../../integration/prefetch-queue.ts";
import type { Program } from "../../integration/program.ts";
import { type FailureCase, failureCasesOf } from "./failure-cases.ts";
import { rowsOf, type FrameworkRow } from "./row.ts";
import { rows as frameworks } from "./rows.ts";
import { startApp } from "./run.ts";

/** Node's own server, which needs no library. */
const [bare] = rowsOf("frameworks", [
  {
    library: "node:http",
    installed: "node:http",
    app: "http",
    requestCases: "connect",
    loads: {},
    wildcard: "",
    modules: ["esm"],
  },
]);

const rows: readonly FrameworkRow[] = [...(bare === undefined ? [] : [bare]), ...frameworks];

describe("A failure is recorded once in", () => {
  const runs = new PrefetchQueue<FrameworkRow, FailureTelemetry>(rows, run);
  after(() => runs.drain());
  for (const row of rows) {
    describe(`${row.installed}, ${row.moduleSystem.toUpperCase()}, Node ${row.node}`, () => {
      let telemetry: FailureTelemetry;
      before(async () => {
        telemetry = await runs.get(row);
      });
      for (const failureCase of failureCasesOf(row.app, row.installed)) {
        it(failureCase.title, () => check(failureCase, telemetry));
      }
      it("and no other request fails", () => {
        assert.equal(
          telemetry.events.length,
          sumOf(row, ({ isReported }) => isReported),
        );
        assert.equal(
          telemetry.spans.length,
          sumOf(row, () => true),
        );
      });
    });
  }
});

/** Telemetry of an app. */
interface FailureTelemetry {
  readonly spans: readonly ReceivedSpan[];
  readonly events: readonly ReceivedEvent[];
  /** `error.type` of each series of `http.server.request.duration`. */
  readonly errorTypes: readonly (string | undefined)[];
}

function sumOf(row: FrameworkRow, isCounted: (failureCase: FailureCase) => boolean): number {
  return failureCasesOf(row.app, row.installed)
    .filter(isCounted)
    .reduce((sum, { times = 1 }) => sum + times, 0);
}

function check(failureCase: FailureCase, { spans, events, errorTypes }: FailureTelemetry): void {
  const { name, status, errorType, isReported, disconnects, times = 1 } = failureCase;
  const own = spans.filter(({ attributes }) => attributes["url.path"] === `/${name}`);
  assert.equal(own.length, times);
  for (const span of own) {
    const { attributes } = span;
    assert.equal(attributes["http.response.status_code"], status);
    assert.equal(attributes["error.type"], errorType);
    if (disconnects === true) assert.equal(attributes["telltale.request.aborted"], true);
    assert.equal(span.status.code, errorType === undefined ? "UNSET" : "ERROR");
    const exceptions = span.events.map((event) => event.attributes["exception.message"]);
    assert.deepEqual(exceptions, errorType === undefined ? [] : [`failed ${name}`]);
    const eventsOfSpan = events.filter(
      ({ contexts }) => contexts?.["trace"]?.["span_id"] === span.spanId,
    );
    assert.deepEqual(
      eventsOfSpan.map(summaryOf),
      isReported ? [[`failed ${name}`, span.name]] : [],
    );
  }
  if (errorType !== undefined) assert.ok(errorTypes.includes(errorType));
}

function summaryOf(event: ReceivedEvent): unknown {
  return [textOf(event), event.transaction ?? "GET"];
}

async function run(row: FrameworkRow): Promise<FailureTelemetry> {
  const receiver = await startReceiver();
  const program = startApp(
    { ...row, app: `failing/${row.app}` },
    { OTEL_METRICS_EXPORTER: "otlp" },
    receiver,
  );
  try {
    const port = Number(await program.waitForStdout((text) => /^port (\d+)\n/m.exec(text)?.[1]));
    for (const failureCase of failureCasesOf(row.app, row.installed)) {
      for (let time = 0; time < (failureCase.times ?? 1); time++) {
        await sendRequest(port, failureCase, disconnectWhen(failureCase, row, program));
      }
    }
    await waitForTelemetry(receiver, row);
    program.kill("SIGTERM");
    await program.ended;
    await receiver.settled();
    return {
      spans: receiver.spans.filter(({ kind }) => kind === "SERVER"),
      events: receiver.events,
      errorTypes: errorTypesOf(receiver),
    };
  } finally {
    program.kill("SIGKILL");
    await Promise.all([program.ended, receiver.close()]);
  }
}

/** Late errors follow their responses, so the app must not be stopped right after these. */
async function waitForTelemetry(receiver: Receiver, row: FrameworkRow): Promise<void> {
  const spans = sumOf(row, () => true);
  const events = sumOf(row, ({ isReported }) => isReported);
  await receiver
    .waitFor(
      (received) => received.spans.length >= spans && received.events.length >= events,
      `${spans} spans and ${events} events`,
    )
    .catch(() => {});
}

function errorTypesOf({ metrics }: Receiver): (string | undefined)[] {
  const metric = metrics.findLast(({ name }) => name === "http.server.request.duration");
  return (metric?.points ?? []).map(
    ({ attributes }) => attributes["error.type"] as string | undefined,
  );
}

/** Resolves when the exchange has ended, in any way. */
function sendRequest(
  port: number,
  { name, disconnects }: FailureCase,
  disconnect: Promise<unknown>,
): Promise<void> {
  return new Promise((resolve) => {
    const sent = http.get({ host: "127.0.0.1", port, path: `/${name}`, agent: false });
    sent.on("error", () => resolve());
    sent.on("response", (response) => {
      response.on("error", () => resolve()).on("close", () => resolve());
      response.on("data", () => disconnects === true && sent.destroy());
    });
    disconnect.then(
      () => sent.destroy(),
      () => {},
    );
  });
}

/** Resolves when the client has waited long enough for the case; may never resolve. */
async function disconnectWhen(
  { name, disconnects, status }: FailureCase,
  { app }: FrameworkRow,
  program: Program,
): Promise<void> {
  if (disconnects === true && status === undefined) {
    await program.waitForStdout((stdout) => stdout.includes(`waits /${name}\n`) || undefined);
  } else if (app === "koa" && status === 200) {
    // Koa never ends a response that fails after its headers.
    await program.waitForStdout((stdout) => stdout.includes(`fails ${name}\n`) || undefined);
    await pause(500);
  } else {
    // The other frameworks end it.
    await new Promise(() => {});
  }
}

function textOf({ exception }: ReceivedEvent): string | undefined {
  return exception?.values?.at(-1)?.value;
}
