import assert from "node:assert/strict";
import { CallTimes } from "../../src/context/call-times.ts";
import { now } from "../../src/clock.ts";
import { timingHeaders, type SentHead } from "../../src/development/timing-headers.ts";

function request(): Parameters<typeof timingHeaders>[0] {
  const at = now();
  const callTimes = new CallTimes();
  callTimes.started("database", at - 50);
  callTimes.started("database", at - 50);
  callTimes.ended("database", at - 30);
  callTimes.ended("database", at - 30);
  callTimes.recordLookups(3, 1);
  return { startedAt: at - 100, callTimes };
}

const whole: SentHead = {
  statusCode: 200,
  headers: undefined,
  isCollection: false,
  isWhole: true,
};

interface Row {
  readonly title: string;
  readonly head: Partial<SentHead>;
  readonly isTimed: boolean;
}

const rows: readonly Row[] = [
  { title: "without a body", head: {}, isTimed: true },
  {
    title: "of a known length",
    head: { isWhole: false, headers: { "Content-Length": 3 } },
    isTimed: true,
  },
  {
    title: "of a known length in a list",
    head: { isWhole: false, headers: ["content-length", "3"] },
    isTimed: true,
  },
  {
    title: "of a known length in pairs",
    head: { isWhole: false, headers: [["Content-Length", "3"]] },
    isTimed: true,
  },
  {
    title: "of a known length in Node's own collection",
    head: {
      isWhole: false,
      isCollection: true,
      headers: { "content-length": ["Content-Length", 3] },
    },
    isTimed: true,
  },
  {
    title: "that is streamed",
    head: { isWhole: false, headers: { "content-type": "text/plain" } },
    isTimed: false,
  },
  { title: "in chunks", head: { headers: { "Transfer-Encoding": "chunked" } }, isTimed: false },
  { title: "of another protocol", head: { statusCode: 101 }, isTimed: false },
];

/** Returns headers by name. */
function parsed(lines: string): Record<string, string> {
  return Object.fromEntries(
    lines
      .split("\r\n")
      .flatMap((line) => (line === "" ? [] : [line.split(": ") as [string, string]])),
  );
}

describe("Headers with the times of a request", () => {
  for (const { title, head, isTimed } of rows) {
    it(`are ${isTimed ? "sent with" : "not sent with"} a response ${title}`, () => {
      const found = timingHeaders(request(), { ...whole, ...head });
      assert.equal(found.length > 0, isTimed);
    });
  }

  it("have the counts and times of its calls", () => {
    const headers = parsed(timingHeaders(request(), whole));
    assert.match(
      headers["Server-Timing"] ?? "",
      /^total;dur=\d{3}\.\d, db;dur=20\.0;desc="2 queries"$/,
    );
    assert.match(headers["X-Request-Time"] ?? "", /^10\d\.\d$/);
    const { "Server-Timing": _, "X-Request-Time": __, ...counts } = headers;
    assert.deepEqual(counts, {
      "X-Query-Count": "2",
      "X-Query-Time": "20.0",
      "X-Cache-Hits": "3",
      "X-Cache-Misses": "1",
      "X-Cache-Hit-Ratio": "0.75",
    });
  });

  it("are those of its own time, without calls", () => {
    for (const ms of [0, 1.26, 1.26, 12, 49.9, 60_000]) {
      const {
        "Server-Timing": timing,
        "X-Request-Time": time,
        ...others
      } = parsed(timingHeaders({ startedAt: now() - ms, callTimes: undefined }, whole));
      assert.equal(timing, `total;dur=${time}`);
      assert.match(time ?? "", /^\d+\.\d$/);
      // A busy machine adds to it.
      assert.ok(Number(time) >= ms - 0.1 && Number(time) < ms + 10_000);
      assert.deepEqual(others, {
        "X-Query-Count": "0",
        "X-Query-Time": "0.0",
        "X-Cache-Hits": "0",
        "X-Cache-Misses": "0",
      });
    }
  });

  const owns: readonly Pick<SentHead, "headers" | "isCollection">[] = [
    { headers: { "x-query-count": "mine", "Server-Timing": "mine" }, isCollection: false },
    {
      headers: { "x-query-count": ["x-query-count", 1], "server-timing": ["Server-Timing", "a"] },
      isCollection: true,
    },
  ];
  for (const own of owns) {
    for (const callTimes of [undefined, request().callTimes]) {
      const calls = callTimes === undefined ? "without" : "with";
      const title = own.isCollection ? "set with setHeader" : "passed to writeHead";
      it(`leave the app's own as they are, ${title}, ${calls} calls`, () => {
        const of = { startedAt: now() - 100, callTimes };
        const found = Object.keys(parsed(timingHeaders(of, { ...whole, ...own })));
        assert.ok(!found.includes("X-Query-Count") && !found.includes("Server-Timing"));
        assert.ok(found.includes("X-Request-Time"));
      });
    }
  }

  it("are left out where the app's headers can't be read", () => {
    const headers = new Proxy({}, { ownKeys: () => assert.fail("not readable") });
    assert.doesNotThrow(() => timingHeaders(request(), { ...whole, headers }));
  });
});
