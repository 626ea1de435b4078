import assert from "node:assert/strict";
import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { type Receiver, startReceiver } from "../../../src/receiver/receiver.ts";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/receiver/received.ts";
import { InPairs } from "../../integration/in-pairs.ts";
import type { Program } from "../../integration/program.ts";
import { type FailureShape, shapesOf } from "./failures.ts";
import { rowsOf, type FrameworkRow } from "./row.ts";
import { rows as frameworks } from "./rows.ts";
import { startApp } from "./run.ts";

/** Node's own server, which needs no library. */
const [bare] = rowsOf("frameworks", [
  {
    library: "node:http",
    installed: "node:http",
    app: "http",
    exchanges: "connect",
    loads: {},
    wildcard: "",
    modules: ["esm"],
  },
]);

const rows: readonly FrameworkRow[] = [...(bare === undefined ? [] : [bare]), ...frameworks];

describe("A failure is known, once, in", () => {
  const runs = new InPairs<FrameworkRow, Left>(rows, run);
  after(() => runs.settle());
  for (const row of rows) {
    describe(`${row.installed}, ${row.moduleSystem.toUpperCase()}, Node ${row.node}`, () => {
      let left: Left;
      before(async () => {
        left = await runs.get(row);
      });
      for (const shape of shapesOf(row.app, row.installed)) {
        it(shape.title, () => check(shape, left));
      }
      it("and nothing else is one", () => {
        assert.equal(
          left.events.length,
          sumOf(row, ({ isReported }) => isReported),
        );
        assert.equal(
          left.spans.length,
          sumOf(row, () => true),
        );
      });
    });
  }
});

/** What an app has left. */
interface Left {
  readonly spans: readonly ReceivedSpan[];
  readonly events: readonly ReceivedEvent[];
  /** Of `http.server.request.duration`, by path and `error.type`. */
  readonly errorTypes: readonly (string | undefined)[];
}

function sumOf(row: FrameworkRow, isCounted: (shape: FailureShape) => boolean): number {
  return shapesOf(row.app, row.installed)
    .filter(isCounted)
    .reduce((sum, { times = 1 }) => sum + times, 0);
}

function check(shape: FailureShape, { spans, events, errorTypes }: Left): void {
  const { name, status, errorType, isReported, leaves, times = 1 } = shape;
  const own = spans.filter(({ attributes }) => attributes["url.path"] === `/${name}`);
  assert.equal(own.length, times);
  for (const span of own) {
    const { attributes } = span;
    assert.equal(attributes["http.response.status_code"], status);
    assert.equal(attributes["error.type"], errorType);
    if (leaves === true) assert.equal(attributes["telltale.request.aborted"], true);
    assert.equal(span.status.code, errorType === undefined ? "UNSET" : "ERROR");
    const exceptions = span.events.map((event) => event.attributes["exception.message"]);
    assert.deepEqual(exceptions, errorType === undefined ? [] : [`failed ${name}`]);
    const its = events.filter(({ contexts }) => contexts?.["trace"]?.["span_id"] === span.spanId);
    assert.deepEqual(its.map(summaryOf), isReported ? [[`failed ${name}`, span.name]] : []);
  }
  if (errorType !== undefined) assert.ok(errorTypes.includes(errorType));
}

function summaryOf(event: ReceivedEvent): unknown {
  return [textOf(event), event.transaction ?? "GET"];
}

async function run(row: FrameworkRow): Promise<Left> {
  const receiver = await startReceiver();
  const program = startApp(
    { ...row, app: `failing/${row.app}` },
    { OTEL_METRICS_EXPORTER: "otlp" },
    receiver,
  );
  try {
    const port = Number(await program.says((text) => /^port (\d+)\n/m.exec(text)?.[1]));
    for (const shape of shapesOf(row.app, row.installed)) {
      for (let time = 0; time < (shape.times ?? 1); time++) {
        await ask(port, shape, leaving(shape, row, program));
      }
    }
    await settled(receiver, row);
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

/** Late errors come after their answers, so that the app must not be stopped at once. */
async function settled(receiver: Receiver, row: FrameworkRow): Promise<void> {
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

/** Resolves when nothing more comes, however it has ended. */
function ask(port: number, { name, leaves }: FailureShape, left: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const sent = http.get({ host: "127.0.0.1", port, path: `/${name}`, agent: false });
    sent.on("error", () => resolve());
    sent.on("response", (response) => {
      response.on("error", () => resolve()).on("close", () => resolve());
      response.on("data", () => leaves === true && sent.destroy());
    });
    left.then(
      () => sent.destroy(),
      () => {},
    );
  });
}

/** Resolves when the client has waited for long enough for what it is about; may never do so. */
async function leaving(
  { name, leaves, status }: FailureShape,
  { app }: FrameworkRow,
  program: Program,
): Promise<void> {
  if (leaves === true && status === undefined) {
    await program.says((stdout) => stdout.includes(`waits /${name}\n`) || undefined);
  } else {
    // Koa never ends a response that has failed after its head; others end in that time.
    await program.says((stdout) => stdout.includes(`fails ${name}\n`) || undefined);
    await pause(app === "koa" && status === 200 ? 500 : 2000);
  }
}

function textOf({ exception }: ReceivedEvent): string | undefined {
  return exception?.values?.at(-1)?.value;
}
