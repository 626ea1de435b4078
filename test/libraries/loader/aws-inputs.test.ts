import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../../integration/program.ts";

const file = fileURLToPath(new URL("apps/aws-inputs.mjs", import.meta.url));

/** Trace fields that the services received. */
const receivedFields: readonly (readonly [operation: string, names: readonly string[]])[] = [
  ["SendMessage", ["traceparent"]],
  ["SendMessage", ["traceparent"]],
  ["SendMessage", ["a", "traceparent"]],
  ["SendMessage", ["a", "traceparent"]],
  ["SendMessage", ["traceparent"]],
  ["SendMessage", ["traceparent"]],
  ["SendMessage", ["traceparent"]],
  ["SendMessageBatch", ["traceparent"]],
  ["SendMessageBatch", ["a", "traceparent"]],
  ["SendMessageBatch", ["traceparent"]],
  ["ReceiveMessage", ["traceparent", "tracestate", "baggage"]],
  ["ReceiveMessage", ["traceparent", "tracestate", "baggage"]],
  ["ReceiveMessage", ["a", "traceparent", "tracestate", "baggage"]],
  ["ReceiveMessage", ["All"]],
  ["ReceiveMessage", [".*"]],
  ["Publish", ["traceparent"]],
  ["Publish", ["traceparent"]],
  ["Publish", ["traceparent"]],
  ["Publish", ["traceparent"]],
  ["Invoke", ["traceparent"]],
  ["Invoke", ["traceparent"]],
];

describe("The inputs of @aws-sdk/client-*", function () {
  let receiver: Receiver;
  let bare: ProgramResult;
  let preloaded: ProgramResult;
  before(async () => {
    receiver = await startReceiver();
    [bare, preloaded] = await Promise.all([run(), run(receiver)]);
    await receiver.settled();
  });
  after(() => receiver.close());

  it("are unchanged, and so are commands and results, frozen or not", () => {
    assert.equal(preloaded.code, 0);
    assert.equal(preloaded.stdout, bare.stdout);
    assert.match(bare.stdout, /SQS send, frozen/);
  });

  it("are sent as a copy with the trace context", () => {
    assert.deepEqual(JSON.parse(preloaded.stderr), receivedFields);
  });

  it("have a span each, even if it cannot be described completely", () => {
    const calls = receiver.spans.filter(({ scope }) => scope.name.endsWith("aws-sdk"));
    assert.equal(calls.length, 22);
  });

  it("have span names of low cardinality, without phone numbers", () => {
    const names = receiver.spans.map(({ name }) => name);
    assert.ok(names.includes("orders-* send"), names.join());
    assert.ok(names.includes("phone_number send"), names.join());
    assert.doesNotMatch(JSON.stringify(receiver.spans), /4915112345/);
  });
});

function run(receiver?: Receiver): Promise<ProgramResult> {
  const flags = receiver === undefined ? [] : [...preload.import];
  const env = receiver === undefined ? {} : telemetryEnv(receiver);
  return new Program({ file, flags, env }).ended;
}
