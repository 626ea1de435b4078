import assert from "node:assert/strict";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { activeContext } from "../../../src/context/manager.ts";
import type { ProducerOperation } from "../../../src/context/messaging.ts";
import { propagationHeadersOf } from "../../../src/instrumentation/messaging/propagation-headers.ts";
import {
  runAsyncSend,
  runOpenSend,
  runSend,
} from "../../../src/instrumentation/messaging/run-send.ts";

const boom = new Error("boom");
const key = Symbol("test");

function createOperation(): { readonly operation: ProducerOperation; readonly ends: unknown[] } {
  const ends: unknown[] = [];
  const operation: ProducerOperation = {
    context: ROOT_CONTEXT.setValue(key, "sending"),
    propagationHeaders: {},
    setAttributes() {},
    end: (error) => ends.push(error),
  };
  return { operation, ends };
}

function fail(): never {
  throw boom;
}

describe("A message operation", () => {
  it("is active while the message is sent", () => {
    const { operation } = createOperation();
    assert.equal(
      runSend(operation, () => activeContext().getValue(key)),
      "sending",
    );
    assert.equal(activeContext().getValue(key), undefined);
  });

  it("ends when a synchronous call returns", () => {
    const { operation, ends } = createOperation();
    assert.equal(
      runSend(operation, () => 7),
      7,
    );
    assert.deepEqual(ends, [undefined]);
  });

  it("ends when the promise of an asynchronous call is fulfilled", async () => {
    const { operation, ends } = createOperation();
    const sent = runAsyncSend(operation, () => Promise.resolve(7));
    assert.deepEqual(ends, []);
    assert.equal(await sent, 7);
    assert.deepEqual(ends, [undefined]);
  });

  it("ends with the error of a rejected promise, which reaches the caller", async () => {
    const { operation, ends } = createOperation();
    await assert.rejects(
      runAsyncSend(operation, () => Promise.reject(boom)),
      boom,
    );
    assert.deepEqual(ends, [boom]);
  });

  it("stays open after a call whose end the caller reports", () => {
    const { operation, ends } = createOperation();
    runOpenSend(operation, () => 7);
    assert.deepEqual(ends, []);
  });

  for (const [title, run] of [
    ["a synchronous", runSend],
    ["an asynchronous", runAsyncSend],
    ["an open", runOpenSend],
  ] as const) {
    it(`ends as failed when ${title} call throws`, () => {
      const { operation, ends } = createOperation();
      assert.throws(() => run(operation, fail), boom);
      assert.deepEqual(ends, [{ name: "_OTHER" }]);
    });
  }
});

describe("The propagation headers of a message", () => {
  it("are its text headers, by names in lower case", () => {
    const headers = Object.entries({ TraceParent: "00-1", retries: 3, missing: undefined });
    assert.deepEqual(propagationHeadersOf(headers), { traceparent: "00-1" });
  });
});
