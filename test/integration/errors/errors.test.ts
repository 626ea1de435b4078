import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";

const ORDERS = 20;
const orders: readonly string[] = Array.from({ length: ORDERS }, (_, at) => String(at));

const modules = [
  { title: "ES module, --import", file: "app.mjs", flags: preload.import },
  { title: "CommonJS, --require", file: "app.cjs", flags: preload.require },
];

interface OrderResponse {
  readonly eventId?: string;
  readonly isLast: boolean;
}

/** What the requests have received and left behind. */
interface Run {
  readonly orders: readonly OrderResponse[];
  readonly isFlushed: unknown;
  /** The header of `/request-id`, with a valid and with an invalid id. */
  readonly requestIds: readonly (string | null)[];
  /** Events that had arrived when flush resolved. */
  readonly flushedEvents: number;
  readonly spans: readonly ReceivedSpan[];
  readonly events: readonly ReceivedEvent[];
  readonly ended: ProgramResult;
}

for (const { title, file, flags } of modules) {
  describe(`The functions for errors and traces (${title})`, () => {
    let receiver: Receiver;
    before(async () => {
      receiver = await startReceiver();
    });
    after(() => receiver.close());

    const send = async (env: Readonly<Record<string, string>> = {}): Promise<Run> => {
      receiver.clear();
      const program = new Program({
        file: fileURLToPath(new URL(`apps/${file}`, import.meta.url)),
        flags,
        env: {
          ...telemetryEnv(receiver),
          NODE_ENV: "test",
          OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
          OTEL_TRACES_SAMPLER_ARG: "0",
          ...env,
        },
      });
      try {
        const port = await program.waitForStdout((text) => /^port (\d+)\n/.exec(text)?.[1]);
        const responses = await sendRequests(`http://127.0.0.1:${port}`);
        const flushedEvents = receiver.events.length;
        program.kill("SIGTERM");
        const ended = await program.ended;
        await receiver.settled();
        const { spans, events } = receiver;
        return { ...responses, flushedEvents, spans: [...spans], events: [...events], ended };
      } finally {
        program.kill("SIGKILL");
        await program.ended;
      }
    };

    describe("with a DSN, where head sampling drops every trace", () => {
      let run: Run;
      before(async () => {
        run = await send();
      });

      it("send each message with the data of its request and its context", () => {
        for (const order of orders) {
          const { eventId } = run.orders[Number(order)] ?? assert.fail();
          const event = eventWith(run, eventId);
          assert.equal(event.message, `order ${order} is declined`);
          assert.equal(event.level, "warning");
          assert.deepEqual(event.tags, { order, declined: "true", request_id: `order-${order}` });
          assert.deepEqual(event.extra, { items: [order], total: { amount: order }, card: "none" });
          assert.equal(event["transaction"], "GET /orders/:id");
        }
        assert.ok(run.orders.every(({ isLast }) => isLast));
        assert.equal(run.events.length, ORDERS + 1);
      });

      it("have sent all events when flush resolves", () => {
        assert.deepEqual([run.isFlushed, run.flushedEvents], [true, ORDERS + 1]);
      });

      it("record the id of each event on the exported span that was active", () => {
        for (const { event_id: id, contexts } of run.events) {
          const found = run.spans.filter(({ attributes }) => attributes["sentry.event_id"] === id);
          assert.equal(found.length, 1);
          assert.equal(found[0]?.spanId, contexts?.["trace"]?.["span_id"]);
          assert.equal(found[0]?.traceId, contexts?.["trace"]?.["trace_id"]);
        }
        const names = run.spans.filter(({ attributes }) => "sentry.event_id" in attributes);
        assert.deepEqual(
          names.map(({ name }) => name).toSorted(),
          ["GET /fails", ...orders.map(() => "charge")].toSorted(),
        );
      });

      it("export a kept trace with its ended, running and late spans, and the reason", () => {
        assertKept(run, "/kept", ["GET /kept", "ended", "late", "running"]);
        assertKept(run, "/kept-late", ["GET /kept-late", "ended", "late"]);
        assert.equal(serverSpan(run, "/plain"), undefined);
      });

      it("replace the request id of the response, the span and the log lines", () => {
        assert.equal(run.requestIds[0], "my-id");
        assert.match(run.requestIds[1] ?? "", /^[0-9a-f-]{36}$/);
        const span = serverSpan(run, "/orders/3");
        assert.equal(span?.attributes["telltale.request.id"], "order-3");
        const lines = run.ended.stdout.split("\n").filter((line) => line.startsWith("{"));
        assert.equal(lines.length, ORDERS);
        for (const line of lines) {
          const { order, request_id: id } = JSON.parse(line) as Readonly<Record<string, string>>;
          assert.equal(id, `order-${order}`);
        }
      });

      it("report an invalid request id in one line", () => {
        const { stderr } = run.ended;
        assert.match(stderr, /^telltale: setRequestId received an invalid id, expected [^\n]*\n$/);
      });
    });

    describe("without a DSN", () => {
      let run: Run;
      before(async () => {
        run = await send({ SENTRY_DSN: "" });
      });

      it("send nothing to Sentry, and return undefined and false", () => {
        assert.deepEqual(run.events, []);
        assert.equal(run.isFlushed, false);
        assert.ok(run.orders.every(({ eventId, isLast }) => eventId === undefined && isLast));
      });

      it("export a kept trace all the same", () => {
        assertKept(run, "/kept", ["GET /kept", "ended", "late", "running"]);
        assertKept(run, "/kept-late", ["GET /kept-late", "ended", "late"]);
        assert.equal(serverSpan(run, "/plain"), undefined);
      });
    });
  });
}

async function sendRequests(
  url: string,
): Promise<Pick<Run, "orders" | "isFlushed" | "requestIds">> {
  const get = async (path: string, status = 200): Promise<Response> => {
    const response = await fetch(url + path);
    assert.equal(response.status, status);
    return response;
  };
  const sent = orders.map(async (order) => (await get(`/orders/${order}`)).json());
  const responses = (await Promise.all(sent)) as OrderResponse[];
  for (const path of ["/plain", "/kept", "/kept-late"]) await (await get(path)).text();
  await (await get("/fails", 500)).text();
  const requestIds: (string | null)[] = [];
  for (const id of ["my-id", "not%0d%0aan-id"]) {
    const response = await get(`/request-id?id=${id}`);
    await response.text();
    requestIds.push(response.headers.get("x-request-id"));
  }
  const isFlushed: unknown = await (await get("/flush")).json();
  return { orders: responses, isFlushed, requestIds };
}

function eventWith({ events }: Run, eventId: string | undefined): ReceivedEvent {
  return events.find(({ event_id: id }) => id === eventId) ?? assert.fail(eventId);
}

function serverSpan({ spans }: Run, path: string): ReceivedSpan | undefined {
  return spans.find(({ attributes }) => attributes["url.path"] === path);
}

/** Asserts that the whole trace of a request was exported because `keepTrace` was called. */
function assertKept(run: Run, path: string, names: readonly string[]): void {
  const root = serverSpan(run, path) ?? assert.fail(path);
  assert.equal(root.attributes["telltale.sampling.reason"], "forced");
  assert.equal(root.attributes["telltale.sampling.probability"], 0);
  const inTrace = run.spans.filter(({ traceId }) => traceId === root.traceId);
  assert.deepEqual(inTrace.map(({ name }) => name).toSorted(), names);
}
