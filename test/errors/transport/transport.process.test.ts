import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { promisify } from "node:util";
import { createEnvelope, type Envelope } from "@sentry/core";
import { SignalCounters } from "../../../src/diagnostics/telemetry-counters.ts";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";
import { EnvelopeTransport } from "../../../src/errors/transport/transport.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { startSilentHost } from "../../export/silent-host.ts";
import { node } from "../../nodes.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";

describe("EnvelopeTransport", () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  const setUp = (
    changes: { deadlineMs?: number; url?: string } = {},
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
      recordDroppedEvent: (reason, category) => losses.push(`${reason} ${category}`),
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
      assert.deepEqual(losses, ["ratelimit_backoff error"]);
      // The client counts the second loss, which recordDroppedEvent reports.
      const isAccepted = status === 200;
      assert.deepEqual(
        [counters.sent, counters.dropped.rejected, counters.queued],
        [isAccepted ? 1 : 0, isAccepted ? 0 : 1, 1],
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

  for (const status of [400, 403, 413, 500, 503]) {
    it(`drops and counts events answered with ${status}, and logs that once`, async () => {
      const { counters, lines, send } = setUp();
      receiver.setFaults({ kind: "status", status });
      await send();
      await send();
      assert.deepEqual([counters.dropped.rejected, counters.queued], [2, 0]);
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? "", new RegExp(`answers ${status}`));
      assert.doesNotMatch(lines[0] ?? "", /sentry_key/);
    });
  }

  it("logs the start of an outage, and at its end the losses", async () => {
    const { counters, lines, send } = setUp();
    receiver.setFaults({ kind: "status", status: 503 });
    await send();
    receiver.setFaults({ kind: "close" });
    await assert.rejects(Promise.resolve(send()));
    receiver.setFaults({ kind: "status", status: 500 });
    await send();
    receiver.setFaults();
    await send();
    await send();
    assert.deepEqual([counters.sent, counters.droppedTotal], [2, 3]);
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /answers 503; such events are dropped and counted$/m);
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
    const { counters, transport, send } = setUp();
    receiver.setFaults({ kind: "hang" });
    const long = "x".repeat(1_000_000);
    for (let count = 0; count < 40; count++) Promise.resolve(send(long)).catch(() => {});
    assert.deepEqual([counters.dropped.queue_full, counters.queued], [7, 33]);
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

  it("drops events that cannot be delivered, and logs why, without the key", async () => {
    const { counters, lines, losses, send } = setUp();
    receiver.setFaults({ kind: "close" });
    await assert.rejects(Promise.resolve(send()));
    assert.deepEqual([counters.dropped.failed, counters.queued], [1, 0]);
    assert.deepEqual(losses, ["network_error error"]);
    assert.match(lines.join(""), /can't be reached \(ECONNRESET\)/);
    assert.doesNotMatch(lines.join(""), /sentry_key/);
  });

  it("waits for a response no longer than its deadline", async () => {
    const { counters, lines, send } = setUp({ deadlineMs: 50 });
    receiver.setFaults({ kind: "hang" });
    await assert.rejects(Promise.resolve(send()), /no answer within 50 ms/);
    assert.deepEqual([counters.dropped.failed, counters.queued], [1, 0]);
    assert.equal(lines.length, 1);
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
    const { transport, counters } = setUp();
    counters.created++;
    const hostile = {
      toJSON(): never {
        throw new Error("no");
      },
    };
    await Promise.resolve(transport.send(envelopeOf(hostile))).catch(() => {});
    assert.equal(counters.queued, 0);
  });

  it("bounds the queue", async () => {
    const { losses, send } = setUp();
    receiver.setFaults({ kind: "hang" });
    for (let count = 0; count < 260; count++) void send();
    assert.deepEqual(
      losses,
      Array.from({ length: 4 }, () => "queue_overflow error"),
    );
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
        host.close();
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
