import assert from "node:assert/strict";
import type { Event } from "@sentry/core";
import { validEvent } from "../../../src/errors/event-data/valid-event.ts";

interface Row {
  readonly title: string;
  /** Fields that Sentry's types do not allow. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly expected: Partial<Event>;
}

const long = "x".repeat(10_000);
const cut = (length: number): string => `${"x".repeat(length - 1)}…`;
const reference = "0".repeat(32);

const rows: readonly Row[] = [
  {
    title: "the level of Sentry's old clients",
    given: { level: "log" },
    expected: { level: "info" },
  },
  { title: "an unknown level", given: { level: "worst" }, expected: { level: "error" } },
  { title: "a long message", given: { message: long }, expected: { message: cut(8_192) } },
  { title: "a message of another type", given: { message: 5 }, expected: { message: "5" } },
  {
    title: "a long transaction",
    given: { transaction: long },
    expected: { transaction: cut(200) },
  },
  { title: "a logger with line breaks", given: { logger: "a\r\nb" }, expected: { logger: "a  b" } },
  {
    title: "names of tags",
    given: { tags: { "a b": 1, "a-b": 2, "ä/ö": 3, "": 4, " ": 5, [long]: 6 } },
    expected: { tags: { "a-b": "1", ___: "3", ["x".repeat(200)]: "6" } },
  },
  {
    title: "values of tags",
    given: { tags: { lines: "a\nb", long, none: null, list: [1], call: Number, big: 5n } },
    expected: {
      tags: { lines: "a b", long: cut(200), list: "[1]", call: String(Number), big: "5" },
    },
  },
  { title: "tags as a text", given: { tags: "region:north" }, expected: {} },
  {
    title: "a user of other types",
    given: {
      user: { id: 7, email: long, username: " ", ip_address: "none", geo: "here", plan: "pro" },
    },
    expected: { user: { id: "7", email: cut(75), plan: "pro" } },
  },
  {
    title: "a user with an address",
    given: { user: { ip_address: "{{auto}}", data: { a: 1 } } },
    expected: { user: { ip_address: "{{auto}}", data: { a: 1 } } },
  },
  {
    title: "contexts that are no objects",
    given: { contexts: { order: 7, none: null } },
    expected: { contexts: { order: { value: 7 } } },
  },
  {
    title: "feedback on an unknown event",
    given: { contexts: { feedback: { message: long, associated_event_id: "last" } } },
    expected: { contexts: { feedback: { message: cut(4_096) } } },
  },
  {
    title: "feedback on an event",
    given: { contexts: { feedback: { message: "slow", associated_event_id: reference } } },
    expected: { contexts: { feedback: { message: "slow", associated_event_id: reference } } },
  },
  {
    title: "a fingerprint of numbers",
    given: { fingerprint: [1, "a"] },
    expected: { fingerprint: ["1", "a"] },
  },
  {
    title: "breadcrumbs of other types",
    given: {
      breadcrumbs: [{ message: 5, level: "log", type: null, data: "text", other: 1 }, null, "text"],
    },
    expected: { breadcrumbs: [{ message: "5", level: "info", data: { value: "text" } }] },
  },
  {
    title: "exceptions of other types",
    given: { exception: { values: [{ type: 5, value: long, module: "a" }, null] } },
    expected: { exception: { values: [{ type: "5", value: cut(8_192), module: "a" }] } },
  },
  {
    title: "exceptions without a type or a text",
    given: { exception: { values: [{ value: "one" }, { type: "E", value: "" }, {}] } },
    expected: {
      exception: { values: [{ value: "one" }, { type: "E", value: "" }, { type: "Error" }] },
    },
  },
  { title: "no exceptions", given: { exception: { values: [] } }, expected: {} },
  { title: "extra as a text", given: { extra: "text" }, expected: {} },
];

describe("The form of an event is that of Sentry's documentation with", () => {
  for (const { title, given, expected } of rows) {
    it(title, () => {
      const valid = validEvent(given);
      assert.deepEqual(JSON.parse(JSON.stringify(valid)), expected);
    });
  }

  it("fields that are valid, which stay as they are", () => {
    const event: Event = {
      event_id: reference,
      level: "fatal",
      request: { url: "/" },
      tags: { a: "b" },
    };
    assert.deepEqual(validEvent(event), event);
  });

  it("fields that are not, which stay in the event of the app", () => {
    const event = { tags: { "a b": 1 }, user: { id: 7 } };
    validEvent(event);
    assert.deepEqual(event, { tags: { "a b": 1 }, user: { id: 7 } });
  });
});
