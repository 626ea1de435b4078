import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { promisify } from "node:util";
import {
  createClientReportEnvelope,
  createEnvelope,
  type Envelope,
  serializeEnvelope,
} from "@sentry/core";
import { SignalCounters } from "../../../src/diagnostics/telemetry-counters.ts";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";
import { withSentAt } from "../../../src/errors/transport/envelope-request.ts";
import { EnvelopeTransport } from "../../../src/errors/transport/transport.ts";
import { sendRetry } from "../../../src/errors/transport/send-pause.ts";
import type { RetryPolicy } from "../../../src/export/connection/retry.ts";
import { parseEnvelope as readEnvelope } from "../../../src/testing/envelope.ts";
import type { Fault } from "../../../src/testing/fault.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { startSilentHost } from "../../export/silent-host.ts";
import { node } from "../../nodes.ts";
import { pollUntilTrue, WAIT_TIMEOUT_MS } from "../../until.ts";

const status503 = { kind: "status", status: 503 } as const;
const status429OfAll = {
  kind: "status",
  status: 429,
  headers: { "x-sentry-rate-limits": "60::organization" },
} as const;

const sessionItem = [{ type: "session" }, { sid: "1", status: "exited" }];
const sessionEnvelope = createEnvelope<Envelope>({}, [sessionItem as never]);
const mixedEnvelope = createEnvelope<Envelope>({}, [
  [{ type: "event" }, { message: "m" }] as never,
  sessionItem as never,
]);
const eventWithAttachment = createEnvelope<Envelope>({}, [
  [{ type: "event" }, { message: "m" }] as never,
  [{ type: "attachment", length: 1, filename: "a.txt" }, "a"] as never,
]);
const clientReport = createClientReportEnvelope([
  { reason: "sample_rate", category: "error", quantity: 3 },
  { reason: "network_error", category: "session", quantity: 2 },
]) as Envelope;

/** Three tries, as by default, without the pauses. */
const quickRetry = { ...sendRetry, firstMs: 5, maxMs: 20 };

describe("EnvelopeTransport", () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  const setUp = (
    changes: { deadlineMs?: number; url?: string; retry?: RetryPolicy } = {},
  ): {
    transport: EnvelopeTransport;
    counters: SignalCounters;
    lines: string[];
    losses: string[];
    send(text?: string): PromiseLike<unknown>;
  } => {
    const counters = new SignalCounters();
    const lines: string[] = [];
    const losses: string[] = [];
    const transport = new EnvelopeTransport({
      url: `${receiver.url}/api/1/envelope/?sentry_key=key`,
      headers: { "user-agent": "telltale-test" },
      counters,
      diagnostics: new Diagnostics("info", (line) => lines.push(line)),
      recordLoss: (reason, category, quantity) => losses.push(`${reason} ${category} ${quantity}`),
      retry: quickRetry,
      ...changes,
    });
    const send = (text = "x"): PromiseLike<unknown> => {
      counters.created++;
      return transport.send(envelopeOf(text));
    };
    return { transport, counters, lines, losses, send };
  };

  it("posts an envelope with key and content type", async () => {
    const { counters, send } = setUp();
    await send("hello");
    const [item] = receiver.items;
    assert.deepEqual(
      [item?.type, item?.publicKey, item?.payload],
      ["event", "key", { message: "hello" }],
    );
    const [request] = receiver.requests;
    assert.equal(request?.headers["content-type"], "application/x-sentry-envelope");
    assert.equal(request.headers["user-agent"], "telltale-test");
    assert.equal(request.headers["content-encoding"], undefined);
    assert.deepEqual([counters.sent, counters.queued], [1, 0]);
  });

  it("compresses envelopes of more than 32 KiB", async () => {
    const { send } = setUp();
    const long = "long ".repeat(10_000);
    await send(long);
    assert.deepEqual(receiver.items[0]?.payload, { message: long });
    assert.equal(receiver.requests[0]?.headers["content-encoding"], "gzip");
    assert.ok(receiver.requests[0].bytes < 2_000);
  });

  it("keeps its connections alive", async () => {
    const { send } = setUp();
    const ports = new Set<unknown>();
    for (let count = 0; count < 3; count++) await send();
    for (const { headers } of receiver.requests) ports.add(headers["connection"]);
    assert.deepEqual([...ports], ["keep-alive"]);
    assert.equal(receiver.items.length, 3);
  });

  const pauses: readonly {
    readonly title: string;
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
  }[] = [
    { title: "429 with Retry-After", status: 429, headers: { "retry-after": "60" } },
    { title: "429 without headers", status: 429, headers: {} },
    {
      title: "200 with a limit of errors",
      status: 200,
      headers: { "x-sentry-rate-limits": "60:error;session:organization" },
    },
    { title: "a limit of everything", status: 200, headers: { "x-sentry-rate-limits": "60::key" } },
  ];
  for (const { title, status, headers } of pauses) {
    it(`sends no event after ${title}`, async () => {
      const { transport, counters, losses, send } = setUp();
      receiver.setFaults({ kind: "status", status, headers, times: 1 });
      await send();
      assert.equal(transport.isLimited("error"), true);
      await send();
      assert.equal(receiver.requests.length, 1);
      assert.deepEqual(losses, ["ratelimit_backoff error 1"]);
      const isAccepted = status === 200;
      assert.deepEqual(
        [counters.sent, counters.dropped.rejected, counters.queued],
        isAccepted ? [1, 1, 0] : [0, 2, 0],
      );
    });
  }

  it("continues after a limit of another category", async () => {
    const { transport, send } = setUp();
    const headers = { "x-sentry-rate-limits": "60:transaction:key" };
    receiver.setFaults({ kind: "status", status: 200, headers, times: 1 });
    await send();
    assert.equal(transport.isLimited("error"), false);
    await send();
    assert.equal(receiver.items.length, 1);
  });

  for (const status of [204, 302, 307, 400, 401, 403, 404, 413, 418]) {
    const isAccepted = status === 204;
    it(`${isAccepted ? "counts" : "drops, counts and reports"} events answered with ${status}`, async () => {
      const { counters, lines, losses, send } = setUp();
      const headers = { location: `${receiver.url}/api/2/envelope/` };
      receiver.setFaults({ kind: "status", status, headers });
      await send();
      await send();
      assert.equal(receiver.requests.length, 2);
      assert.deepEqual([counters.dropped.rejected, counters.queued], [isAccepted ? 0 : 2, 0]);
      assert.deepEqual(losses, isAccepted ? [] : ["send_error error 1", "send_error error 1"]);
      if (isAccepted) return;
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? "", new RegExp(`answers ${status}`));
      assert.doesNotMatch(lines[0] ?? "", /sentry_key/);
    });
  }

  const unavailable: readonly {
    readonly title: string;
    readonly fault: Fault;
    readonly reason: "failed" | "rejected";
    readonly line: RegExp;
    readonly deadlineMs?: number;
  }[] = [
    ...[500, 502, 503, 504, 599].map((status) => ({
      title: `answers ${status}`,
      fault: { kind: "status", status } as const,
      reason: "rejected" as const,
      line: new RegExp(
        `answers ${status}; events are tried 3 times, then dropped and counted$`,
        "m",
      ),
    })),
    {
      title: "closes the connection",
      fault: { kind: "close" },
      reason: "failed",
      line: /can't be reached \(ECONNRESET\); events are tried 3 times, then dropped and counted$/m,
    },
    {
      title: "does not answer",
      fault: { kind: "hang" },
      reason: "failed",
      line: /can't be reached \(no answer within 500 ms\)/,
      deadlineMs: 500,
    },
  ];
  for (const { title, fault, reason, line, ...changes } of unavailable) {
    it(`tries an event three times if Sentry ${title}, then drops, counts and reports it`, async () => {
      const { counters, lines, losses, send } = setUp(changes);
      receiver.setFaults(fault);
      await send();
      assert.equal(receiver.requests.length, 3);
      assert.deepEqual([counters.dropped[reason], counters.queued], [1, 0]);
      const outcome = reason === "failed" ? "network_error" : "send_error";
      assert.deepEqual(losses, [`${outcome} error 1`]);
      assert.match(lines.join(""), line);
      assert.doesNotMatch(lines.join(""), /sentry_key/);
      assert.equal(lines.length, 1);
    });

    it(`loses no event if Sentry ${title} only once`, async () => {
      const { counters, losses, send } = setUp(changes);
      receiver.setFaults({ ...fault, times: 1 });
      await Promise.all([send("one"), send("two"), send("three")]);
      assert.deepEqual([counters.sent, counters.droppedTotal, losses], [3, 0, []]);
      assert.equal(receiver.items.length, 3);
    });
  }

  it("sends one envelope after a failure, and the others when that is accepted", async () => {
    const { counters, transport, send } = setUp({ retry: { ...sendRetry, firstMs: 60_000 } });
    receiver.setFaults({ kind: "status", status: 503 });
    void send("first");
    await receiver.waitFor(({ requests }) => requests[0]?.status === 503);
    // The transport reads the response after the receiver has written it.
    await pollUntilTrue(() => counters.pausedUntil > 0, "a pause");
    const sent = Array.from({ length: 20 }, (_, index) => send(`${index}`));
    assert.equal(await transport.flush(60_000), false);
    assert.equal(receiver.requests.length, 1);
    assert.equal(counters.queued, 21);
    assert.equal(transport.drain().length, 21);
    assert.equal(sent.length, 20);
  });

  it("pauses as long as a 503 asks for, and loses nothing", async () => {
    const { counters, transport, send } = setUp();
    const headers = { "retry-after": "60" };
    receiver.setFaults({ kind: "status", status: 503, headers, times: 1 });
    const first = send();
    await pollUntilTrue(() => counters.pausedUntil > Date.now() + 50_000, "a pause of a minute");
    assert.equal(transport.isLimited("error"), false);
    assert.equal(counters.queued, 1);
    // The pause is at least a second old.
    await pollUntilTrue(() => transport.flush(60_000), "the flush");
    await first;
    assert.deepEqual([counters.sent, counters.queued], [1, 0]);
  });

  it("updates sent_at of an envelope that has waited", async () => {
    const old = "2020-01-01T00:00:00.000Z";
    const envelope = createEnvelope<Envelope>({ event_id: "1", sent_at: old }, [
      [{ type: "event" }, { message: "later ✓" }],
    ]);
    const now = new Date();
    const body = withSentAt(Buffer.from(serializeEnvelope(envelope)), now);
    const [item] = readEnvelope(Buffer.from(body), "1", "key");
    assert.deepEqual(item?.envelope, { event_id: "1", sent_at: now.toISOString() });
    assert.deepEqual(item.payload, { message: "later ✓" });
  });

  it("logs the start of an outage, and at its end the losses", async () => {
    const { counters, lines, send } = setUp();
    for (const fault of [status503, { kind: "close" } as const, status503]) {
      receiver.setFaults(fault);
      await send();
    }
    receiver.setFaults();
    await send();
    await send();
    assert.deepEqual([counters.sent, counters.droppedTotal], [2, 3]);
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /answers 503; events are tried 3 times/);
    assert.match(lines[1] ?? "", /takes events again; 3 were lost meanwhile$/m);
  });

  it("logs that Sentry asks for a pause, though it accepted the event", async () => {
    const { lines, send } = setUp();
    const headers = { "x-sentry-rate-limits": "60:error:key" };
    receiver.setFaults({ kind: "status", status: 200, headers, times: 1 });
    await send();
    assert.match(lines.join(""), /asks for a pause; events are dropped and counted meanwhile$/m);
  });

  it("sends an event that is too large for the peer once more, reduced", async () => {
    const { transport, counters, lines } = setUp();
    const event = { message: "order 17", extra: { body: "x".repeat(500_000), order: 17 } };
    receiver.setFaults({ kind: "status", status: 413, times: 1 });
    counters.created++;
    await transport.send(createEnvelope<Envelope>({}, [[{ type: "event" }, event]]));
    assert.equal(receiver.requests.length, 2);
    const payload = receiver.items[0]?.payload as typeof event;
    assert.deepEqual([payload.message, payload.extra.order], ["order 17", 17]);
    assert.ok(payload.extra.body.length < 200_000);
    assert.deepEqual([counters.sent, counters.queued, lines], [1, 0, []]);
  });

  it("counts an event that is too large even when reduced", async () => {
    const { counters, send } = setUp();
    receiver.setFaults({ kind: "status", status: 413 });
    await send("x".repeat(500_000));
    assert.equal(receiver.requests.length, 2);
    assert.deepEqual([counters.dropped.rejected, counters.queued], [1, 0]);
  });

  it("bounds the queue by its bytes", () => {
    const { counters, losses, transport, send } = setUp();
    receiver.setFaults({ kind: "hang" });
    const long = "x".repeat(1_000_000);
    for (let count = 0; count < 40; count++) void send(long);
    assert.deepEqual([counters.dropped.queue_full, counters.queued], [7, 33]);
    assert.deepEqual(losses, Array(7).fill("queue_overflow error 1"));
    assert.ok(transport.drain().length > 0);
  });

  it("drops events answered with 101", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.end("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { counters, send } = setUp({ url: `http://127.0.0.1:${port}/api/1/envelope/` });
    await send();
    assert.deepEqual([counters.dropped.rejected, counters.queued], [1, 0]);
    server.close();
  });

  it("uses the proxy that Node is configured to use", async () => {
    // No server listens there. Only the proxy leads to the receiver.
    const { stdout } = await runPoster("http://127.0.0.1:1", 1, {
      NODE_USE_ENV_PROXY: "1",
      HTTP_PROXY: receiver.url,
    });
    assert.equal(stdout, "remaining: 0\n");
    await receiver.settled();
    assert.equal(receiver.items.length, 1);
  });

  it("counts a response that never ends by its status", async () => {
    // Enough for the status to arrive on a busy machine.
    const { counters, transport, send } = setUp({ deadlineMs: 1_000 });
    receiver.setFaults({ kind: "slow-body", everyMs: 10, status: 200 });
    await send();
    assert.equal(counters.sent, 1);
    assert.equal(await transport.flush(10_000), true);
  });

  it("retries once if the peer had closed the kept-alive connection", async () => {
    const { counters, send } = setUp();
    await send();
    receiver.setFaults({ kind: "close", times: 1 });
    await send();
    assert.deepEqual([counters.sent, counters.droppedTotal], [2, 0]);
  });

  it("reads only the start of a long response", async () => {
    const { counters, send } = setUp();
    receiver.setFaults({ kind: "huge-body", bytes: 100_000_000, status: 200, times: 1 });
    await send();
    await send();
    assert.equal(counters.sent, 2);
  });

  it("counts events that cannot be serialised as failed", async () => {
    const { transport, counters, losses } = setUp();
    counters.created++;
    const envelope = createEnvelope<Envelope>({}, [[{ type: "event", length: 1n }, {}] as never]);
    await transport.send(envelope);
    assert.deepEqual([counters.dropped.failed, counters.queued], [1, 0]);
    assert.deepEqual(losses, ["internal_sdk_error error 1"]);
  });

  it("bounds the queue", () => {
    const { counters, losses, send } = setUp();
    receiver.setFaults({ kind: "hang" });
    for (let count = 0; count < 260; count++) void send();
    assert.deepEqual(losses, Array(4).fill("queue_overflow error 1"));
    assert.deepEqual([counters.dropped.queue_full, counters.queued], [4, 256]);
  });

  it("drops only those items of an envelope whose category is paused", async () => {
    const { counters, losses, transport, send } = setUp();
    const headers = { "x-sentry-rate-limits": "60:error:key" };
    receiver.setFaults({ kind: "status", status: 200, headers, times: 1 });
    await send();
    counters.created++;
    await transport.send(mixedEnvelope);
    assert.deepEqual(
      receiver.items.map(({ type }) => type),
      ["session"],
    );
    assert.deepEqual(losses, ["ratelimit_backoff error 1"]);
    assert.deepEqual([counters.sent, counters.dropped.rejected, counters.queued], [1, 1, 0]);
  });

  it("drops queued events when Sentry asks for a pause, also at process exit", async () => {
    const { counters, losses, transport, send } = setUp();
    receiver.setFaults({ kind: "hang" });
    void send("first");
    await receiver.waitFor(({ requests }) => requests.length === 1);
    receiver.setFaults(status429OfAll);
    const others = Array.from({ length: 50 }, () => send("other"));
    await Promise.all(others);
    // One is still in flight, and up to seven others were.
    assert.ok(receiver.requests.length <= 8, `${receiver.requests.length} requests`);
    assert.deepEqual([counters.dropped.rejected, counters.queued], [50, 1]);
    const answered = receiver.requests.filter(({ status }) => status === 429).length;
    assert.deepEqual(losses, Array(50 - answered).fill("ratelimit_backoff error 1"));
    assert.deepEqual(transport.drain(), []);
  });

  const reportLosers: readonly (readonly [title: string, faults: readonly Fault[]])[] = [
    ["is not delivered", [{ kind: "close" }]],
    ["is answered with 500", [{ kind: "status", status: 500 }]],
    ["is answered with 429", [{ kind: "status", status: 429 }]],
  ];
  for (const [title, faults] of reportLosers) {
    it(`keeps the losses of a client report that ${title}`, async () => {
      const { losses, transport } = setUp();
      receiver.setFaults(...faults);
      await transport.send(clientReport);
      assert.deepEqual(losses, ["sample_rate error 3", "network_error session 2"]);
    });
  }

  it("sends a client report during a pause of everything", async () => {
    const { losses, transport } = setUp();
    receiver.setFaults({ ...status429OfAll, times: 1 });
    await transport.send(sessionEnvelope);
    await transport.send(clientReport);
    assert.deepEqual([receiver.clientReports.length, losses], [1, []]);
  });

  it("drops the attachments of an event whose category is paused", async () => {
    const { counters, losses, transport, send } = setUp();
    const headers = { "x-sentry-rate-limits": "60:error:key" };
    receiver.setFaults({ kind: "status", status: 200, headers, times: 1 });
    await send();
    counters.created++;
    await transport.send(eventWithAttachment);
    assert.deepEqual(losses, ["ratelimit_backoff error 1", "ratelimit_backoff attachment 1"]);
    assert.deepEqual([receiver.requests.length, counters.dropped.rejected], [1, 1]);
  });

  it("returns everything that the network does not have, ready to be sent", async () => {
    const { transport, counters, send } = setUp();
    for (let count = 0; count < 20; count++) void send(`${count}`);
    const long = "long ".repeat(10_000);
    void send(long);
    const pending = transport.drain().flatMap((make) => make() ?? []);
    assert.equal(pending.length, 21);
    assert.equal(counters.queued, 21);
    assert.equal(pending[20]?.headers["content-encoding"], "gzip");
    for (const { url, headers, body } of pending) {
      await fetch(url, { method: "POST", headers, body: Buffer.from(body) });
    }
    pending[0]?.onResult(false);
    for (const request of pending.slice(1)) request.onResult(true);
    assert.deepEqual([counters.sent, counters.dropped.failed, counters.queued], [20, 1, 0]);
    assert.equal(receiver.items.length, 21);
    assert.deepEqual(receiver.items[20]?.payload, { message: long });
    assert.deepEqual(transport.drain(), []);
  });

  const exitResults = [
    ["no answer within the 300 ms left at the end", "failed", ["network_error error 1"]],
    ["answered 413 Payload Too Large", "rejected", ["send_error error 1"]],
    ["answered 503 Service Unavailable", "rejected", ["send_error error 1"]],
    ["answered 429 Too Many Requests", "rejected", []],
  ] as const;
  for (const [reason, dropReason, expected] of exitResults) {
    it(`counts an event as ${dropReason} at process exit if the result is: ${reason}`, () => {
      const { transport, counters, losses, send } = setUp();
      void send();
      const [request] = transport.drain().map((create) => create());
      request?.onResult(false, undefined, reason);
      assert.deepEqual([counters.dropped[dropReason], counters.queued, losses], [1, 0, expected]);
    });
  }

  it("does not return requests that the network has", async () => {
    const { transport, send } = setUp();
    receiver.setFaults({ kind: "hang" });
    void send();
    await receiver.waitFor(({ requests }) => requests.length > 0);
    assert.deepEqual(transport.drain(), []);
  });

  it("flushes within the time limit", async () => {
    const { transport, send } = setUp();
    void send();
    assert.equal(await transport.flush(5_000), true);
    assert.equal(receiver.items.length, 1);
    receiver.setFaults({ kind: "hang" });
    void send();
    assert.equal(await transport.flush(20), false);
  });

  describe("does not keep the process alive", () => {
    it("with a response that does not arrive", async () => {
      receiver.setFaults({ kind: "hang" });
      const { stdout } = await runPoster(receiver.url);
      assert.equal(stdout, "remaining: 0\n");
    });

    it("with a connection that is not established", async () => {
      const host = await startSilentHost();
      try {
        const { stdout } = await runPoster(host.url);
        assert.equal(stdout, "remaining: 1\n");
      } finally {
        await host.close();
      }
    });

    it("with an envelope that the peer does not read in full", async () => {
      receiver.setFaults({ kind: "no-read" });
      const { stdout } = await runPoster(receiver.url, 20_000_000);
      assert.equal(stdout, "remaining: 1\n");
    });
  });
});

function envelopeOf(message: unknown): Envelope {
  return createEnvelope<Envelope>({}, [[{ type: "event" }, { message } as never]]);
}

/** Runs a process that posts one envelope of random bytes, and nothing else. */
function runPoster(
  url: string,
  bytes = 1,
  env: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string }> {
  const program = new URL("../fixtures/post.ts", import.meta.url).pathname;
  const args = [program, `${url}/api/1/envelope/`, `${bytes}`];
  return promisify(execFile)(node, args, { timeout: WAIT_TIMEOUT_MS, env });
}
