import assert from "node:assert/strict";
import type { LogIds } from "../../src/context/unit-views.ts";
import {
  addPropagatedIds,
  type PropagatedIds,
  propagatedIdsOf,
} from "../../src/messaging/propagated-ids.ts";

const TRACE = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };

/** Returns the headers of a message that is sent with these ids. */
function headersWith(ids: PropagatedIds, trace: Readonly<Record<string, string>> = TRACE): object {
  const headers = { ...trace };
  addPropagatedIds(headers, ids as LogIds);
  return headers;
}

function arrived(...messages: readonly object[]): PropagatedIds {
  return propagatedIdsOf(messages as readonly Record<string, string>[]);
}

const none: PropagatedIds = {
  requestId: undefined,
  userId: undefined,
  organizationId: undefined,
};

const all: PropagatedIds = { requestId: "r-81", userId: "u-7", organizationId: "o-3" };

const rows: readonly { title: string; sent: PropagatedIds; expected: PropagatedIds }[] = [
  { title: "all three", sent: all, expected: all },
  { title: "none", sent: {}, expected: none },
  {
    title: "those that no header may have as they are",
    sent: { userId: "Zoë\r\nx: 1", organizationId: "日本 %41" },
    expected: { ...none, userId: "Zoë\r\nx: 1", organizationId: "日本 %41" },
  },
  {
    title: "the longest that are accepted",
    sent: { userId: "日".repeat(256) },
    expected: { ...none, userId: "日".repeat(256) },
  },
  {
    title: "none that is too long, empty or half a character",
    sent: { userId: "x".repeat(257), organizationId: "\ud800" },
    expected: none,
  },
];

describe("The ids of a request in the headers of a message", () => {
  for (const { title, sent, expected } of rows) {
    it(`are ${title}`, () => {
      const headers = headersWith(sent);
      assert.deepEqual(arrived(headers), expected);
      for (const value of Object.values(headers)) assert.match(String(value), /^[ -~]+$/);
    });
  }

  it("are not added if no trace context is either", () => {
    assert.deepEqual(headersWith(all, {}), {});
  });

  it("are not added outside of any unit of work", () => {
    const headers = { ...TRACE };
    addPropagatedIds(headers, undefined);
    assert.deepEqual(headers, TRACE);
  });

  it("are of a batch those that all of its messages have", () => {
    const messages = [all, { ...all, userId: "u-8" }, { ...all, organizationId: undefined }];
    const headers = messages.map((ids) => headersWith(ids));
    assert.deepEqual(arrived(...headers), { ...none, requestId: "r-81" });
    assert.deepEqual(arrived(), none);
  });

  for (const [title, headers] of [
    ["a request id that is none", { "telltale-request-id": "a\nb" }],
    ["a malformed escape", { "telltale-user-id": "%E4" }],
    ["a text without an end", { "telltale-user-id": "x".repeat(100_000) }],
  ] as const) {
    it(`are ignored with ${title}`, () => assert.deepEqual(arrived(headers), none));
  }
});
