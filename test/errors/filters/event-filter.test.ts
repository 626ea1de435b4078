import assert from "node:assert/strict";
import type { ErrorEvent, Event } from "@sentry/core";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";
import { EventFilter } from "../../../src/errors/filters/event-filter.ts";
import { type EventFilters, FilterModuleError } from "../../../src/errors/filters/filter-module.ts";
import { awaitBlockedAnswer } from "../../blocked-loop.ts";

const SECRET = "hunter2";

function fail(message: string): never {
  throw Object.assign(new TypeError(message), { code: "E_FILTER" });
}

/** An event with a secret in every field that apps fill. */
function createEvent(): ErrorEvent {
  return {
    type: undefined,
    event_id: "e".repeat(32),
    timestamp: 5,
    level: "error",
    platform: "node",
    release: "shop@1",
    environment: "test",
    server_name: SECRET,
    message: SECRET,
    transaction: SECRET,
    exception: {
      values: [
        {
          type: "RangeError",
          value: SECRET,
          mechanism: { type: "generic", handled: true, data: { text: SECRET } },
          stacktrace: {
            frames: [
              {
                filename: "/app/a.js",
                function: "pay",
                lineno: 3,
                colno: 9,
                in_app: true,
                module: "a",
                context_line: SECRET,
                vars: { password: SECRET },
              },
            ],
          },
        },
      ],
    },
    tags: { request_id: "r-1", password: SECRET },
    contexts: {
      trace: { trace_id: "a".repeat(32), span_id: "b".repeat(16), data: { x: SECRET } },
      shop: { password: SECRET },
    },
    breadcrumbs: [{ message: SECRET }, { message: "harmless" }],
    extra: { password: SECRET },
    user: { email: SECRET },
    request: { url: SECRET },
    fingerprint: [SECRET],
    modules: { a: SECRET },
  };
}

function minimal(failure: string): unknown {
  return {
    type: undefined,
    event_id: "e".repeat(32),
    timestamp: 5,
    level: "error",
    platform: "node",
    release: "shop@1",
    environment: "test",
    message: `(not sent: ${failure})`,
    exception: {
      values: [
        {
          type: "RangeError",
          value: `(not sent: ${failure})`,
          stacktrace: {
            frames: [
              {
                filename: "/app/a.js",
                function: "pay",
                module: "a",
                lineno: 3,
                colno: 9,
                in_app: true,
              },
            ],
          },
          mechanism: { type: "generic", handled: true },
        },
      ],
    },
    tags: { request_id: "r-1" },
    contexts: {
      trace: { trace_id: "a".repeat(32), span_id: "b".repeat(16) },
      before_send: { failure },
    },
    sdkProcessingMetadata: {},
  };
}

interface Run {
  readonly result: Event | null;
  readonly isAsync: boolean;
  readonly lines: string[];
}

async function run(
  filters: Partial<EventFilters> | FilterModuleError | Promise<EventFilters | FilterModuleError>,
  timeLimitMs = 60_000,
): Promise<Run> {
  const lines: string[] = [];
  const diagnostics = new Diagnostics("info", (line) => lines.push(line));
  const all =
    filters instanceof Promise || filters instanceof FilterModuleError
      ? filters
      : { beforeSend: undefined, beforeBreadcrumb: undefined, ...filters };
  const filter = new EventFilter("TELLTALE_BEFORE_SEND", all, diagnostics, timeLimitMs);
  const result = filter.run(createEvent(), {});
  return { result: await result, isAsync: result instanceof Promise, lines };
}

const THREW = "beforeSend threw";
const NONSENSE = "beforeSend returned neither an event nor null";

/** Filters that fail, and why. */
const failures: readonly (readonly [
  title: string,
  beforeSend: (event: Event) => unknown,
  failure: string,
  isAsync?: boolean,
])[] = [
  ["that throws", () => fail(SECRET), THREW],
  [
    "that throws after it has changed the event",
    (event) => {
      event.exception?.values?.reverse();
      event.extra = { ...event.extra, more: SECRET };
      fail(SECRET);
    },
    THREW,
  ],
  [
    "that throws a text",
    () => {
      // oxlint-disable-next-line typescript/only-throw-error
      throw SECRET;
    },
    THREW,
  ],
  ["that rejects", () => Promise.reject(new Error(SECRET)), THREW, true],
  ["that rejects later", async () => fail(await Promise.resolve(SECRET)), THREW, true],
  ["that returns nothing", () => undefined, NONSENSE],
  ["that returns true", () => true, NONSENSE],
  ["that returns a text", () => SECRET, NONSENSE],
  ["that returns a list", () => [createEvent()], NONSENSE],
  ["that returns a function", () => createEvent, NONSENSE],
  ["that returns an error", () => new Error(SECRET), NONSENSE],
  ["that returns a transaction", (event) => ({ ...event, type: "transaction" }), NONSENSE],
  ["that resolves with nothing", () => Promise.resolve(), NONSENSE, true],
  [
    "that returns a value that can't be read",
    () => new Proxy({}, { get: () => fail(SECRET) }),
    NONSENSE,
  ],
  [
    "that returns a thenable which throws",
    () => ({
      // oxlint-disable-next-line unicorn/no-thenable
      then: () => fail(SECRET),
    }),
    THREW,
    true,
  ],
];

describe("A filter", () => {
  it("may change an event", async () => {
    const { result, isAsync, lines } = await run({
      beforeSend: (event) => Object.freeze({ ...event, extra: { changed: true } }),
    });
    assert.deepEqual(result, { ...createEvent(), extra: { changed: true } });
    assert.deepEqual([isAsync, lines, Object.isFrozen(result)], [false, [], false]);
  });

  it("may return another event, which gets the id", async () => {
    const { result } = await run({ beforeSend: () => ({ message: "another" }) });
    assert.deepEqual(result, { event_id: "e".repeat(32), message: "another" });
  });

  it("may drop an event", async () => {
    const { result, isAsync, lines } = await run({ beforeSend: () => null });
    assert.deepEqual([result, isAsync, lines], [null, false, []]);
  });

  it("may be asynchronous", async () => {
    const event = createEvent();
    const { result, isAsync } = await run({ beforeSend: () => Promise.resolve(event) });
    assert.deepEqual([result, isAsync], [event, true]);
    const dropped = await run({ beforeSend: () => Promise.resolve(null) });
    assert.deepEqual([dropped.result, dropped.isAsync], [null, true]);
  });

  for (const [title, beforeSend, failure, isAsync = false] of failures) {
    it(`${title} causes a minimal event and one line, without secrets`, async () => {
      const found = await run({ beforeSend });
      assert.deepEqual(found.result, minimal(failure));
      assert.equal(found.isAsync, isAsync);
      assert.equal(found.lines.length, 1);
      const [line = ""] = found.lines;
      const start = `telltale: TELLTALE_BEFORE_SEND: ${failure}`;
      assert.ok(line.startsWith(start), line);
      assert.ok(line.endsWith("; such events are sent without messages and data\n"), line);
      assert.ok(!line.includes(SECRET), line);
    });
  }

  it("that throws is located by class, code and line", async () => {
    const { lines } = await run({ beforeSend: () => fail(SECRET) });
    assert.match(
      lines[0] ?? "",
      /threw TypeError \(E_FILTER\) at fail \(.*event-filter\.test\.ts:/,
    );
  });

  it("that hangs causes a minimal event after the time limit", async () => {
    const { result, lines } = await run({ beforeSend: () => new Promise(() => {}) }, 20);
    assert.deepEqual(result, minimal("beforeSend took more than 20 ms"));
    assert.equal(lines.length, 1);
  });

  it("that has got its answer while the event loop was blocked is in time", async () => {
    const answer = await awaitBlockedAnswer();
    const beforeSend = async (event: Event): Promise<Event> => {
      await answer.read;
      return event;
    };
    const filtering = run({ beforeSend }, 20);
    answer.arrive(50);
    const { result, lines } = await filtering;
    answer.close();
    assert.deepEqual([result, lines], [createEvent(), []]);
  });

  it("that returns after the time limit has no effect", async () => {
    let release: ((event: Event) => void) | undefined;
    const late = new Promise<Event>((resolve) => {
      release = resolve;
    });
    const { result } = await run({ beforeSend: () => late }, 20);
    release?.(createEvent());
    await late;
    assert.deepEqual(result, minimal("beforeSend took more than 20 ms"));
  });

  it("that captures an error itself gets no further event", async () => {
    const diagnostics = new Diagnostics("none", () => {});
    let inner: unknown;
    const filter: EventFilter = new EventFilter(
      "TELLTALE_BEFORE_SEND",
      {
        beforeSend(event) {
          inner = filter.run(createEvent(), {});
          return event;
        },
        beforeBreadcrumb: undefined,
      },
      diagnostics,
    );
    assert.deepEqual(await filter.run(createEvent(), {}), createEvent());
    assert.deepEqual(inner, minimal("captured by beforeSend"));
  });

  it("that has not returned at process exit causes a minimal event, once", async () => {
    const lines: string[] = [];
    const diagnostics = new Diagnostics("info", (line) => lines.push(line));
    const filters = { beforeSend: () => new Promise(() => {}), beforeBreadcrumb: undefined };
    const filter = new EventFilter("TELLTALE_BEFORE_SEND", filters, diagnostics);
    const hint = {};
    void filter.run(createEvent(), hint);
    const failure = "beforeSend did not return before the process exited";
    assert.deepEqual(filter.interrupt(hint), minimal(failure));
    assert.equal(filter.interrupt(hint), undefined);
    assert.equal(filter.interrupt({}), undefined);
    assert.equal(lines.length, 1);
  });
});

describe("A filter of breadcrumbs", () => {
  const rows: readonly (readonly [
    title: string,
    beforeBreadcrumb: EventFilters["beforeBreadcrumb"],
    breadcrumbs: unknown,
    line?: RegExp,
  ])[] = [
    [
      "may drop some",
      (crumb) => (crumb.message === SECRET ? null : crumb),
      [{ message: "harmless" }],
    ],
    [
      "may change them",
      (crumb) => ({ ...crumb, message: "changed" }),
      [{ message: "changed" }, { message: "changed" }],
    ],
    [
      "drops those for which it throws",
      (crumb) => (crumb.message === SECRET ? fail(SECRET) : crumb),
      [{ message: "harmless" }],
      /beforeBreadcrumb throws TypeError \(E_FILTER\) at fail .*; its breadcrumbs are dropped/,
    ],
    [
      "drops those for which it returns nonsense",
      (crumb) => (crumb.message === SECRET ? Promise.resolve(crumb) : undefined),
      [],
      /beforeBreadcrumb returned neither a breadcrumb nor null/,
    ],
  ];
  for (const [title, beforeBreadcrumb, breadcrumbs, line] of rows) {
    it(title, async () => {
      const { result, lines } = await run({ beforeBreadcrumb });
      assert.deepEqual(result, { ...createEvent(), breadcrumbs });
      assert.equal(lines.length, line === undefined ? 0 : 1);
      if (line !== undefined) assert.match(lines[0] ?? "", line);
      assert.ok(!lines.join("").includes(SECRET));
    });
  }

  it("runs before the filter of the event", async () => {
    let seen: unknown;
    await run({
      beforeBreadcrumb: () => null,
      beforeSend(event) {
        seen = event.breadcrumbs;
        return event;
      },
    });
    assert.deepEqual(seen, []);
  });
});

describe("A module of filters", () => {
  const NOT_LOADED = "the module with beforeSend can't be used";
  const LINE =
    "telltale: TELLTALE_BEFORE_SEND: the module can't be used: why; such events are sent without messages and data\n";

  it("that can't be used causes minimal events, and one line", async () => {
    const { result, lines } = await run(new FilterModuleError("why"));
    assert.deepEqual([result, lines], [minimal(NOT_LOADED), [LINE]]);
  });

  it("that is loaded asynchronously delays the first events", async () => {
    const beforeSend = (event: Event): Event => ({ ...event, extra: {} });
    const { result, isAsync } = await run(
      Promise.resolve({ beforeSend, beforeBreadcrumb: undefined }),
    );
    assert.deepEqual([result, isAsync], [{ ...createEvent(), extra: {} }, true]);
  });

  it("that can't be loaded asynchronously causes minimal events, and one line", async () => {
    const { result, lines } = await run(Promise.resolve(new FilterModuleError("why")));
    assert.deepEqual([result, lines], [minimal(NOT_LOADED), [LINE]]);
  });
});
