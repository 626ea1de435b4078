import assert from "node:assert/strict";
import { mock } from "node:test";
import {
  type ExportAttempt,
  type ExportResponse,
  retryableResponse,
  type ExportConnection,
  failureResponse,
} from "../../../src/export/connection/export-connection.ts";
import { DeadlineTransport } from "../../../src/export/connection/deadline-transport.ts";

const success: ExportResponse = { status: "success", body: new Uint8Array() };

/**
 * The response to each attempt, and whether the kernel had the whole request by then; or silence
 * until the attempt is aborted.
 */
type Attempts = readonly (
  | readonly [response: ExportResponse, isFullyWritten: boolean]
  | "silence"
)[];

describe("The bytes of a request", () => {
  const rows: readonly [title: string, attempts: Attempts, isRecycled: boolean][] = [
    ["was accepted", [[success, true]], true],
    ["was accepted before it was fully written", [[success, false]], false],
    ["was rejected", [[failureResponse("peer", "no"), false]], false],
    [
      "was accepted at the second attempt",
      [
        [retryableResponse("network", "lost", 0), false],
        [success, true],
      ],
      false,
    ],
  ];
  for (const [title, attempts, isRecycled] of rows) {
    it(`${isRecycled ? "are" : "are not"} recycled once it ${title}`, async () => {
      const recycled: Uint8Array[] = [];
      const retry = { attempts: 2, firstMs: 0, factor: 1, maxMs: 0, jitter: 0 };
      const transport = new DeadlineTransport(connectionOf(attempts), "none", retry, (data) =>
        recycled.push(data),
      );
      const data = new Uint8Array([1]);
      await transport.send(data, 10_000);
      assert.deepEqual(recycled, isRecycled ? [data] : []);
    });
  }
});

describe("An export", () => {
  it("has the reason of its last attempt if the event loop is blocked beyond the time limit", async () => {
    const retry = { attempts: 2, firstMs: 20, factor: 1, maxMs: 20, jitter: 0 };
    const connection = connectionOf([[retryableResponse("network", "no descriptor"), false]]);
    const transport = new DeadlineTransport(connection, "none", retry);
    const sending = transport.send(new Uint8Array([1]), 1_000);
    // It pauses after these, and no timer has run yet.
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_100);
    const response = await sending;
    assert.equal(response.status, "failure");
    assert.equal(response.error.message, "no descriptor");
  });

  it("has the reason of the attempt before the one that its time limit cuts short", async () => {
    const answered = retryableResponse("peer", "answered 503");
    assert.equal(await reasonAfterSilence(answered, 280, 300), "answered 503");
  });

  it("has the time limit as the reason if the peer has let most of it pass", async () => {
    // A busy machine starts the second attempt late.
    mock.method(performance, "now", () => 0);
    const closed = retryableResponse("network", "closed");
    assert.equal(await reasonAfterSilence(closed, 0, 60), "no answer within 60 ms");
  });
  afterEach(() => mock.restoreAll());
});

/** Returns why an export failed whose second attempt, after a pause, got no answer. */
async function reasonAfterSilence(
  first: ExportResponse,
  pauseMs: number,
  timeoutMs: number,
): Promise<string> {
  const retry = { attempts: 2, firstMs: pauseMs, factor: 1, maxMs: pauseMs, jitter: 0 };
  const connection = connectionOf([[first, true], "silence"]);
  const transport = new DeadlineTransport(connection, "none", retry);
  const response = await transport.send(new Uint8Array([1]), timeoutMs);
  assert.equal(response.status, "failure");
  return response.error.message;
}

function connectionOf(attempts: Attempts): ExportConnection {
  const remaining = [...attempts];
  return {
    kind: "http",
    url: "http://peer/",
    headers: {},
    encodeBody: (message) => message,
    attempt: () => {
      const next = remaining.shift()!;
      if (next === "silence") return silentAttempt();
      const [answer, handedOver] = next;
      return {
        response: Promise.resolve(answer),
        isFullyWritten: () => handedOver,
        abort: () => {},
      };
    },
  };
}

function silentAttempt(): ExportAttempt {
  const { promise, resolve } = Promise.withResolvers<ExportResponse>();
  return {
    response: promise,
    isFullyWritten: () => true,
    abort: (reason) => resolve(retryableResponse("network", reason)),
  };
}
