import assert from "node:assert/strict";
import type { Span } from "@opentelemetry/api";
import { RequestRecorder } from "../../src/development/request-recorder.ts";
import { viewerAttributesOf } from "../../src/development/span-data.ts";
import { noRedactor } from "../../src/redaction/redactor.ts";

function attributesOf(span: object): Record<string, unknown> {
  const pairs = viewerAttributesOf(span) ?? [];
  const names = pairs.filter((_, at) => at % 2 === 0).map(String);
  return Object.fromEntries(names.map((name, index) => [name, pairs[2 * index + 1]]));
}

/** Starts a request, and returns its span. */
function start(recorder: RequestRecorder): Span {
  const span = {} as Span;
  recorder.started({
    method: "GET",
    span,
    callTimes: undefined,
    currentRoute: () => undefined,
    redactedPath: () => undefined,
    jobInfo: () => undefined,
    onEnded: () => {},
  });
  return span;
}

/** Headers of a response, in each form that Node takes. */
const forms: readonly {
  readonly title: string;
  readonly headers: unknown;
  readonly isCollection?: true;
}[] = [
  { title: "by name", headers: { "X-Shop": "main", "set-cookie": ["a=1", "b=2"] } },
  {
    title: "in pairs",
    headers: [
      ["X-Shop", "main"],
      ["Set-Cookie", "a=1"],
    ],
  },
  { title: "in a list", headers: ["X-Shop", "main", "Set-Cookie", "a=1"] },
  {
    title: "in Node's own collection",
    headers: { "x-shop": ["X-Shop", "main"], "set-cookie": ["Set-Cookie", ["a=1", "b=2"]] },
    isCollection: true,
  },
];

describe("What the viewer gets of a request", () => {
  it("are its headers without secrets, those that are repeated in one", () => {
    const recorder = new RequestRecorder(noRedactor);
    recorder.arriving({
      rawHeaders: [
        ...["Authorization", "Bearer abc", "Cookie", "sid=abc", "X-Api-Key", "abc"],
        ...["Accept", "text/html", "X-Forwarded-For", "10.0.0.1", "x-forwarded-for", "10.0.0.2"],
      ],
    });
    assert.deepEqual(attributesOf(start(recorder)), {
      "http.request.header.authorization": "REDACTED",
      "http.request.header.cookie": "REDACTED",
      "http.request.header.x-api-key": "REDACTED",
      "http.request.header.accept": "text/html",
      "http.request.header.x-forwarded-for": "10.0.0.1, 10.0.0.2",
    });
    assert.deepEqual(attributesOf(start(recorder)), {}, "and not those of the request before");
  });

  for (const { title, headers, isCollection = false } of forms) {
    it(`are the headers of its response ${title}, and not those that are added`, () => {
      const recorder = new RequestRecorder(noRedactor);
      const span = start(recorder);
      const added = "X-Query-Count: 3\r\n";
      const headSent = recorder.headSent(() => added);
      const request = { startedAt: 0, callTimes: undefined, span };
      assert.equal(
        headSent(request, { statusCode: 200, headers, isCollection, isWhole: true }),
        added,
      );
      assert.deepEqual(attributesOf(span), {
        "http.response.header.x-shop": "main",
        "http.response.header.set-cookie": "REDACTED",
      });
    });
  }

  it("are the headers as they were sent, of an object that the app changes for its next response", () => {
    const recorder = new RequestRecorder(noRedactor);
    const headSent = recorder.headSent(undefined);
    const headers = { "x-shop": "" };
    const spans = ["main", "outlet"].map((shop) => {
      const span = start(recorder);
      headers["x-shop"] = shop;
      const request = { startedAt: 0, callTimes: undefined, span };
      headSent(request, { statusCode: 200, headers, isCollection: false, isWhole: true });
      return span;
    });
    assert.deepEqual(spans.map(attributesOf), [
      { "http.response.header.x-shop": "main" },
      { "http.response.header.x-shop": "outlet" },
    ]);
  });

  it("are none of a response whose headers throw, which is sent nonetheless", () => {
    const headers = {
      get "x-shop"(): string {
        throw new Error("of the app");
      },
    };
    const span = start(new RequestRecorder(noRedactor));
    const headSent = new RequestRecorder(noRedactor).headSent(undefined);
    const request = { startedAt: 0, callTimes: undefined, span };
    const head = { statusCode: 200, headers, isCollection: false, isWhole: true };
    assert.deepEqual(headSent(request, head), "");
    assert.deepEqual(attributesOf(span), {});
  });

  it("are at most 60 headers of at most 500 letters", () => {
    const recorder = new RequestRecorder(noRedactor);
    const rawHeaders = Array.from({ length: 200 }, (_, index) => [`x-${index}`, "v".repeat(9_000)]);
    recorder.arriving({ rawHeaders: rawHeaders.flat() });
    const values = Object.values(attributesOf(start(recorder)));
    assert.equal(values.length, 60);
    assert.ok(values.every((value) => String(value).length === 500));
  });
});
