import assert from "node:assert/strict";
import type { Event } from "@sentry/core";
import { fitEvent } from "../../src/errors/event-size.ts";

const MAX = 100_000;
const long = "x".repeat(MAX * 2);
const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`key ${index}`, 1]));

const rows: readonly { readonly title: string; readonly field: Partial<Event> }[] = [
  { title: "a long text in extra", field: { extra: { body: long } } },
  { title: "a long text in a context", field: { contexts: { order: { body: long } } } },
  { title: "a long tag", field: { tags: { body: long } } },
  { title: "a long key", field: { extra: { [long]: 1 } } },
  { title: "a long name of a user", field: { user: { username: long } } },
  { title: "a long fingerprint", field: { fingerprint: [long] } },
  { title: "a long address", field: { request: { url: long } } },
  {
    title: "many breadcrumbs",
    field: { breadcrumbs: Array.from({ length: 100 }, () => ({ message: "y".repeat(5_000) })) },
  },
  { title: "a wide object", field: { extra: { wide } } },
  { title: "a long list", field: { extra: { list: Array.from({ length: 100_000 }, () => 1) } } },
  { title: "a deep object", field: { extra: { deep: deep(50_000) } } },
  { title: "a circular object", field: { extra: { circular: circular() } } },
  { title: "an object that is shared many times", field: { extra: { shared: shared(40) } } },
  { title: "characters that JSON escapes", field: { extra: { body: "\u0000".repeat(MAX / 2) } } },
  { title: "characters of several bytes", field: { extra: { body: "€".repeat(MAX / 2) } } },
  { title: "a field unknown to Sentry", field: { modules: { a: long } } },
  { title: "a getter that throws", field: { extra: { unreadable: withGetter() } } },
  { title: "a proxy that throws", field: { tags: { unreadable: throwingProxy() } } },
  { title: "a level that can't be read", field: { level: withGetter() as never } },
  { title: "a long message of an error", field: { exception: { values: [{ value: long }] } } },
];

describe("The size of an event", () => {
  for (const { title, field } of rows) {
    it(`is bounded with ${title}`, () => {
      const trace = { trace_id: "0".repeat(32), span_id: "1".repeat(16) };
      const event: Event = {
        event_id: "2".repeat(32),
        exception: { values: [{ type: "Error", value: "order 17 failed" }] },
        ...field,
        contexts: { ...field.contexts, trace },
      };
      const before = process.cpuUsage();
      const fitted = fitEvent(event, MAX);
      // CPU time, which other processes do not affect.
      const tookMs = process.cpuUsage(before).user / 1000;
      assert.ok(JSON.stringify(fitted).length <= MAX * 1.1);
      assert.ok(tookMs < 1_000, `${tookMs} ms`);
      assert.equal(fitted.event_id, event.event_id);
      assert.deepEqual(fitted.contexts?.trace, trace);
      if (field.exception === undefined) assert.deepEqual(fitted.exception, event.exception);
    });
  }

  it("is unchanged if it is small enough", () => {
    const event: Event = { extra: { body: "x".repeat(MAX / 2) }, sdkProcessingMetadata: { long } };
    assert.equal(fitEvent(event, MAX), event);
  });

  it("is reduced without truncating small fields", () => {
    const { extra, tags } = fitEvent({ extra: { body: long, order: 17 }, tags: { a: "b" } }, MAX);
    assert.deepEqual([extra?.["order"], tags], [17, { a: "b" }]);
    assert.match(String(extra?.["body"]), /^x{50000}…$/);
  });
});

function deep(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level++) value = { value };
  return value;
}

function withGetter(): object {
  return Object.defineProperty({}, "a", { get: fail, enumerable: true });
}

function throwingProxy(): never {
  return new Proxy({}, { get: fail, ownKeys: fail, has: fail }) as never;
}

function fail(): never {
  throw new Error("getter");
}

function circular(): object {
  const value: Record<string, unknown> = { text: "round and round" };
  value["self"] = value;
  return value;
}

/** Returns few objects with 2 to the power of `levels` paths through them. */
function shared(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level++) value = { a: value, b: value };
  return value;
}
