import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";

const REQUESTS = 20;

const links = {
  TELLTALE_TRACE_URL: "https://grafana.example/explore?trace={trace_id}&span={span_id}&s={service}",
  SENTRY_ORG_URL: "https://acme.sentry.io/",
};

describe("Links between Sentry and traces", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  /** Runs an app while it serves requests. */
  const serve = async (
    file: string,
    env: Readonly<Record<string, string>>,
    paths: readonly string[],
  ): Promise<ProgramResult> => {
    const program = new Program({
      file: fileURLToPath(new URL(file, import.meta.url)),
      flags: preload.import,
      env: { ...telemetryEnv(receiver), ...env },
    });
    try {
      const port = await program.waitForStdout((stdout) => /^port (\d+)\n/m.exec(stdout)?.[1]);
      await Promise.all(
        paths.map(async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text()),
      );
      program.kill("SIGTERM");
      const ended = await program.ended;
      await receiver.settled();
      return ended;
    } finally {
      program.kill("SIGKILL");
    }
  };
  const orders = Array.from({ length: REQUESTS }, (_, index) => `/orders/${index}`);
  const spanOf = (event: ReceivedEvent): ReceivedSpan => {
    const ids = event.contexts?.["trace"];
    const found = receiver.spans.find(({ spanId }) => spanId === ids?.["span_id"]);
    assert.ok(found, `no span ${JSON.stringify(ids)}`);
    return found;
  };

  it("lead from every event to a span at the back end, although no trace is sampled", async () => {
    const sampler = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" };
    await serve("shop.mjs", { ...links, ...sampler }, ["/healthy", ...orders]);
    assert.equal(receiver.events.length, 3 * REQUESTS);
    for (const event of receiver.events) {
      const { traceId, spanId } = spanOf(event);
      const url = `https://grafana.example/explore?trace=${traceId}&span=${spanId}&s=warehouse`;
      assert.deepEqual(event.contexts?.["trace_link"], { url });
      assert.equal(event.tags?.["trace_url"], url);
    }
    assert.equal(receiver.spans.filter(({ kind }) => kind === "SERVER").length, REQUESTS);
  });

  it("lead from the span that failed to its last event", async () => {
    await serve("shop.mjs", links, orders);
    const servers = receiver.spans.filter(({ kind }) => kind === "SERVER");
    assert.equal(servers.length, REQUESTS);
    for (const { spanId, attributes } of servers) {
      const failure = receiver.events.find(
        ({ contexts, exception }) =>
          contexts?.["trace"]?.["span_id"] === spanId &&
          exception?.values?.at(-1)?.value?.endsWith("failed"),
      );
      assert.ok(failure);
      const url = `https://acme.sentry.io/issues/?query=${failure.event_id}`;
      assert.equal(attributes["sentry.event_url"], url);
      assert.equal(attributes["sentry.event_id"], failure.event_id);
    }
  });

  it("name the event on log records after the capture, and leave the lines unchanged", async () => {
    const { stdout } = await serve("shop.mjs", {}, orders);
    const idByTrace = new Map(
      receiver.events
        .filter((event) => event.exception?.values?.at(-1)?.value?.startsWith("no stock"))
        .map((event) => [event.contexts?.["trace"]?.["trace_id"], event.event_id]),
    );
    assert.equal(idByTrace.size, REQUESTS);
    const logs = receiver.logs.filter(({ attributes }) => attributes["order"] !== undefined);
    assert.equal(logs.length, 3 * REQUESTS);
    for (const { body, traceId, attributes } of logs) {
      const expected = body === "after the capture" ? idByTrace.get(traceId) : undefined;
      assert.equal(attributes["sentry.event_id"], expected, JSON.stringify(body));
    }
    for (const id of idByTrace.values()) assert.ok(!stdout.includes(String(id)));
  });

  it("are left out where no trace reaches a back end", async () => {
    await serve("shop.mjs", { ...links, OTEL_TRACES_EXPORTER: "none" }, ["/orders/1"]);
    assert.equal(receiver.events.length, 3);
    for (const { contexts, tags } of receiver.events)
      assert.deepEqual([contexts?.["trace_link"], tags?.["trace_url"]], [undefined, undefined]);
  });

  it("are left out, with one line on stderr, where the addresses contain secrets", async () => {
    const { stderr } = await serve(
      "shop.mjs",
      {
        TELLTALE_TRACE_URL: "https://anna:SECRET-1@grafana.example/{trace_id}?token=SECRET-2",
        SENTRY_ORG_URL: "https://SECRET-3@acme.sentry.io",
      },
      ["/orders/1"],
    );
    assert.match(stderr, /^telltale: TELLTALE_TRACE_URL: received .*using no links to traces$/m);
    assert.match(stderr, /^telltale: SENTRY_ORG_URL: received .*using no links to events$/m);
    const { events, spans, logs } = receiver;
    assert.equal(events.length, 3);
    const everything = stderr + JSON.stringify({ events, spans, logs });
    // The source around the frames is this folder's, which has no secret.
    assert.ok(!everything.includes("SECRET"));
    for (const { contexts } of events) assert.equal(contexts?.["trace_link"], undefined);
  });

  it("are on the events of an app's own Sentry as well", async () => {
    const { stdout } = await serve("own-sentry.mjs", links, ["/first", "/second"]);
    const events = [...stdout.matchAll(/^event (.*)$/gm)].map(
      ([, json = ""]) => JSON.parse(json) as ReceivedEvent,
    );
    assert.equal(events.length, 2);
    for (const event of events) {
      const { traceId, spanId, attributes } = spanOf(event);
      const url = `https://grafana.example/explore?trace=${traceId}&span=${spanId}&s=warehouse`;
      assert.deepEqual(event.contexts?.["trace_link"], { url });
      assert.equal(event.tags?.["trace_url"], url);
      const eventUrl = `https://acme.sentry.io/issues/?query=${event.event_id}`;
      assert.equal(attributes["sentry.event_url"], eventUrl);
    }
  });
});
