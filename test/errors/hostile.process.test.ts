import assert from "node:assert/strict";
import type { ReceivedEvent } from "../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { bundlePrograms, type ProcessResult, type BundledPrograms } from "./preload.ts";

/** Type and value of the readable errors. The others are sent too. */
const readable: Readonly<Record<string, readonly [type: string, value: string]>> = {
  stack: ["Error", "one"],
  name: ["Error", "three"],
  "a symbol": ["Error", "Symbol(four)"],
  cause: ["Error", "five"],
  errors: ["Error", "six"],
  "the stack of the cause": ["Error", "seven"],
  "one of several": ["AggregateError", "eight"],
  "a list as stack": ["Error", "eleven"],
  "an object as message": ["Error", '{"text":"thirteen"}'],
  "call sites as stack": ["Error", "prepared"],
  "an error of another realm": ["RangeError", "far"],
  "a frozen error": ["Error", "frozen"],
};

describe("An unreadable error", () => {
  let programs: BundledPrograms;
  let receiver: Receiver;
  let ended: ProcessResult;
  before(async () => {
    [programs, receiver] = await Promise.all([bundlePrograms(["hostile.mjs"]), startReceiver()]);
    ended = await programs.run("hostile.mjs", { env: { SENTRY_DSN: receiver.dsn } });
    await receiver.settled();
  });
  after(() => Promise.all([programs.remove(), receiver.close()]));

  const eventOf = (form: string): ReceivedEvent => {
    const [event, ...others] = receiver.events.filter(({ tags }) => tags?.["form"] === form);
    assert.deepEqual(others, [], form);
    return event ?? assert.fail(`no event of ${form}`);
  };

  it("is one event in all forms", () => {
    assert.deepEqual([ended.code, ended.stderr], [0, ""]);
    const forms = JSON.parse(ended.stdout) as string[];
    for (const form of forms) eventOf(form);
    assert.equal(receiver.events.length, forms.length);
  });

  for (const [form, expected] of Object.entries(readable)) {
    it(`(${form}) is sent with its readable parts`, () => {
      const exception = eventOf(form).exception?.values?.at(-1);
      assert.deepEqual([exception?.type, exception?.value], expected);
    });
  }

  it("(call sites as stack) is sent with its frames", () => {
    const exception = eventOf("call sites as stack").exception?.values?.at(-1);
    const frames = exception?.stacktrace?.frames ?? [];
    assert.match(String(frames.at(-1)?.["filename"]), /hostile\.js$/);
  });
});
