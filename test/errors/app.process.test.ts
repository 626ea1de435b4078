import assert from "node:assert/strict";
import type { ReceivedEvent } from "../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { node, nodes } from "../nodes.ts";
import {
  bundlePrograms,
  type ProcessResult,
  type BundledPrograms,
  type BundledRunOptions,
} from "./preload.ts";
import { eventText } from "./events.ts";

describe("Events of an app", () => {
  let programs: BundledPrograms;
  let receiver: Receiver;
  before(async () => {
    const names = [
      "calls.ts",
      "scope-calls.ts",
      "shop.mjs",
      "own-sentry.mjs",
      "nothing.ts",
      "descriptors.ts",
    ];
    [programs, receiver] = await Promise.all([bundlePrograms(names), startReceiver()]);
  });
  beforeEach(() => receiver.clear());
  after(() => Promise.all([programs.remove(), receiver.close()]));

  const run = async (
    program: string,
    args: string[],
    options: BundledRunOptions = {},
  ): Promise<ProcessResult> => {
    const env = { SENTRY_DSN: receiver.dsn, ...options.env };
    const ended = await programs.run(program, { ...options, args, env });
    await receiver.settled();
    return ended;
  };
  const namesWith = async (env: Readonly<Record<string, string>>): Promise<unknown> => {
    receiver.clear();
    await run("calls.ts", [], { env });
    const [event] = receiver.events;
    return [event?.release, event?.environment, event?.server_name];
  };
  const unsampledEnv = (): Record<string, string> => ({
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0",
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  });
  const eventOf = (text: string): ReceivedEvent => {
    const found = receiver.events.find((event) => eventText(event) === text);
    assert.ok(found, `${text} is not in ${receiver.events.map(eventText).join(", ")}`);
    return found;
  };

  describe("that are captured outside a request", () => {
    let ended: ProcessResult;
    let events: readonly ReceivedEvent[];
    before(async () => {
      receiver.clear();
      ended = await run("calls.ts", []);
      events = [...receiver.events];
    });
    const find = (text: string): ReceivedEvent => {
      const found = events.find((event) => eventText(event)?.startsWith(text) === true);
      assert.ok(found, text);
      return found;
    };

    it("have the data that was set before", () => {
      const event = find("a plain message");
      assert.equal(event.level, "info");
      assert.deepEqual(event.tags, { region: "north" });
      assert.deepEqual(event.user, { id: "7", username: "anna" });
      assert.deepEqual(event.contexts?.["shop"], { name: "corner", shelves: { count: 3 } });
      const [crumb] = event.breadcrumbs ?? [];
      assert.deepEqual([crumb?.["category"], crumb?.["data"]], ["stock", { items: 12 }]);
    });

    it("have the given level", () => {
      assert.equal(find("a grave message").level, "fatal");
    });

    it("name the SDK, the environment and the runtime", () => {
      const event = find("a plain message");
      assert.equal(event["platform"], "node");
      assert.equal(event.environment, "production");
      assert.deepEqual(event.contexts?.["runtime"], { name: "node", version: process.version });
      assert.equal((event["sdk"] as { name: string }).name, "sentry.javascript.telltale");
      assert.equal(typeof event.contexts?.["os"]?.["name"], "string");
    });

    it("have no trace", () => {
      for (const event of events) assert.equal(event.contexts?.["trace"], undefined);
      for (const { envelope } of receiver.items) assert.equal(envelope["trace"], undefined);
    });

    it("have the returned id, the same one for the same error", () => {
      const ids = JSON.parse(ended.stdout) as string[];
      assert.equal(new Set(ids).size, 4);
      assert.deepEqual([ids[2], ids[4]], [ids[3], ids[5]]);
      assert.equal(ids[2], find("no stock").event_id);
      assert.equal(events.filter((event) => eventText(event) === "no stock").length, 1);
      assert.equal(events.filter((event) => eventText(event) === "frozen").length, 1);
    });

    it("show the error, its cause and the source around it", () => {
      const values = find("no stock").exception?.values ?? [];
      assert.deepEqual(
        values.map(({ type, value }) => [type, value]),
        [
          ["RangeError", "12 < 13"],
          ["TypeError", "no stock"],
        ],
      );
      const frame = values[1]?.stacktrace?.frames?.findLast((one) => one["in_app"]);
      assert.match(String(frame?.["context_line"]), /new TypeError\("no stock"/);
      assert.equal((frame?.["pre_context"] as string[] | undefined)?.length, 5);
      assert.equal(frame?.["module"], "calls");
    });

    it("show where a message was captured, without frames of telltale", () => {
      const frames = find("a plain message").exception?.values?.[0]?.stacktrace?.frames ?? [];
      assert.match(String(frames.at(-1)?.["filename"]), /calls\.js$/);
    });

    it("have the data of a scope only within it", () => {
      assert.deepEqual(find("inside a scope").tags, { region: "north", inside: "true" });
      assert.equal(find("inside a scope").user?.["id"], undefined);
      assert.deepEqual(find("after the scope").tags, { region: "north" });
      assert.equal(find("after the scope").user?.["id"], "7");
    });

    it("have the data of a hint", () => {
      const event = find("with a hint");
      assert.equal(event.level, "warning");
      assert.equal(event.user?.["id"], "9");
      assert.deepEqual(event.tags, { region: "north", part: "till" });
      assert.deepEqual(event.extra, { drawer: [1, 2] });
      assert.deepEqual(event.contexts?.["coins"], { count: 4 });
      assert.deepEqual(event["fingerprint"], ["till"]);
    });

    it("are created for any thrown value", () => {
      for (const text of ["only a text", "Object captured as exception", "undefined"]) find(text);
    });

    it("are truncated if they are too long", () => {
      assert.equal(eventText(find("xxx"))?.length, 8_192);
    });

    it("are created for hostile values", () => {
      assert.equal(ended.code, 0);
      assert.equal(find("xxx").tags?.["hostile"], "10");
    });
  });

  describe("that are captured in scopes", () => {
    let ids: ScopeCalls;
    let count: number;
    let byText: ReadonlyMap<string | undefined, ReceivedEvent>;
    before(async () => {
      receiver.clear();
      const { signal, stdout } = await run("scope-calls.ts", []);
      assert.equal(signal, "SIGKILL");
      ids = JSON.parse(stdout) as ScopeCalls;
      count = receiver.events.length;
      byText = new Map(receiver.events.map((event) => [eventText(event), event]));
    });

    it("have arrived when flush resolves", () => {
      assert.equal(ids.isFlushed, true);
      assert.deepEqual(
        new Set(byText.keys()),
        new Set([
          ...["after the scopes", "in a scope", "item a", "item b", "plain"],
          ...["with a context", "with a function"],
        ]),
      );
      assert.equal(count, byText.size);
    });

    const outer = { region: "north", till: "3" };
    const extra = { drawer: [3], coins: { count: 4 } };
    const rows: readonly (readonly [text: string, expected: object])[] = [
      ["plain", { level: "info", tags: outer, extra, user: undefined }],
      [
        "with a context",
        {
          level: "warning",
          tags: { ...outer, till: "4" },
          extra: { ...extra, note: "own" },
          user: { id: "9" },
          fingerprint: ["till"],
        },
      ],
      ["with a function", { level: "fatal", tags: { ...outer, till: "5" }, extra }],
      [
        "in a scope",
        {
          level: "error",
          tags: { ...outer, inside: "true" },
          extra: { ...extra, inner: 1 },
          fingerprint: ["f"],
        },
      ],
      ["item a", { tags: { ...outer, item: "a" }, user: { id: "a" } }],
      ["item b", { tags: { ...outer, item: "b" }, user: { id: "b" } }],
      ["after the scopes", { level: "info", tags: outer, extra, user: undefined }],
    ];
    for (const [text, expected] of rows) {
      it(`have the data of their scope and their context: ${text}`, () => {
        const event: Readonly<Record<string, unknown>> = { ...byText.get(text) };
        const found = Object.keys(expected).map((key) => [key, event[key]]);
        assert.deepEqual(Object.fromEntries(found), expected);
      });
    }

    it("have the id that lastEventId returns, in each isolation scope its own", () => {
      assert.equal(ids.atStart, null);
      assert.equal(ids.plain, byText.get("plain")?.event_id);
      assert.equal(ids.afterPlain, ids.plain);
      assert.equal(ids.inside, byText.get("in a scope")?.event_id);
      assert.deepEqual([ids.afterScope, ids.afterItems], [ids.inside, ids.inside]);
      assert.deepEqual(ids.items, [true, true]);
      assert.equal(ids.last, byText.get("after the scopes")?.event_id);
    });
  });

  describe("of Express", () => {
    it("are created for errors that became a 5xx, and for captured errors", async () => {
      const { stdout } = await run("shop.mjs", ["errors"]);
      assert.equal(stdout, "500 500 500 404 500 200 404\n");
      const texts = receiver.events.map((event) => eventText(event));
      assert.deepEqual(texts.toSorted(byJson), [
        "captured, then handled",
        "captured, then thrown",
        "rejected in a handler",
        "thrown in a handler",
      ]);
      const event = eventOf("thrown in a handler");
      const { type, handled } = event.exception?.values?.[0]?.mechanism ?? {};
      assert.deepEqual([type, handled], ["auto.http.server", true]);
      assert.equal(event.transaction, "GET /orders/:id");
      assert.deepEqual(event.request, { method: "GET", url: "/orders/thrown" });
    });

    it("name the route, wherever they were captured", async () => {
      await run("shop.mjs", ["routes"]);
      const named = receiver.events.map((event) => [
        eventText(event),
        event.request?.["url"],
        event.transaction,
      ]);
      assert.deepEqual(named.toSorted(byJson), [
        ["after the response", "/orders/late", "GET /orders/:id"],
        ["before the route", "/no/such/page", undefined],
        ["before the route", "/orders/5", "GET /orders/:id"],
      ]);
    });

    it("name the route of a request that ends the process", async () => {
      const { code } = await run("shop.mjs", ["fatal"], { env: unsampledEnv() });
      assert.equal(code, 1);
      const event = eventOf("thrown in a timer");
      assert.deepEqual([event.level, event.transaction], ["fatal", "GET /orders/:id"]);
      assert.equal(typeof event.tags?.["request_id"], "string");
      const span = receiver.spans.find(({ spanId }) => spanId === trace(event)["span_id"]);
      assert.equal(span?.traceId, trace(event)["trace_id"]);
      assert.equal(span?.attributes["sentry.event_id"], event.event_id);
    });

    it("have no personal data that the app has not set", async () => {
      await run("shop.mjs", ["secrets"]);
      assert.equal(receiver.events.length, 3);
      const sent = JSON.stringify(receiver.items.map((item) => withoutSource(item)));
      for (const secret of ["SECRET", "203.0.113.77", "127.0.0.1", "user-agent", "ip_address"]) {
        assert.ok(!sent.includes(secret), secret);
      }
    });

    it("keep the data of a hundred concurrent requests apart", async () => {
      const { stdout } = await run("shop.mjs", ["parallel"]);
      assert.equal(stdout.trim(), Array.from({ length: 100 }, () => "200").join(" "));
      const seen = receiver.events.map(({ user, tags, breadcrumbs, extra, ...event }) => ({
        text: eventText(event),
        user,
        extra,
        index: tags?.["index"],
        group: tags?.["group"],
        inner: tags?.["inner"],
        crumbs: breadcrumbs?.map((crumb) => crumb["message"]),
        url: event.request?.["url"],
      }));
      const expected = Array.from({ length: 100 }, (_, index) => ({
        text: `failure of ${index}`,
        user: { id: `user-${index}` },
        extra: { part: `${index}` },
        index: `${index}`,
        group: `group-${index}`,
        inner: undefined,
        crumbs: [`trail of ${index}`],
        url: `/parallel/${index}`,
      }));
      assert.deepEqual(seen.toSorted(byJson), expected.toSorted(byJson));
      const ids = receiver.events.map(({ tags }) => tags?.["request_id"]);
      assert.equal(new Set(ids).size, 100);
      const traces = receiver.events.map(({ contexts }) => contexts?.["trace"]?.["trace_id"]);
      assert.equal(new Set(traces).size, 100);
    });

    it("keep their trace though it was sampled out", async () => {
      await run("shop.mjs", ["errors"], { env: unsampledEnv() });
      const event = eventOf("captured, then handled");
      const { trace_id: traceId, span_id: spanId, parent_span_id: parent } = trace(event);
      const span = receiver.spans.find((one) => one.spanId === spanId);
      assert.equal(span?.traceId, traceId);
      assert.equal(span?.parentSpanId, parent);
      assert.equal(span?.kind, "SERVER");
      assert.equal(span.attributes["telltale.sampling.reason"], "error_captured");
      assert.equal(span.attributes["sentry.event_id"], event.event_id);
    });

    it("do not keep the trace if they are sampled out, and are counted in a client report", async () => {
      await run("shop.mjs", ["routes"], { env: { ...unsampledEnv(), SENTRY_SAMPLE_RATE: "0" } });
      const servers = receiver.spans.filter(({ kind }) => kind === "SERVER");
      assert.deepEqual([receiver.events.length, servers.length], [0, 0]);
      const reports = receiver.items.filter(({ type }) => type === "client_report");
      const discarded = reports.map(({ payload }) => (payload as ClientReport).discarded_events);
      assert.deepEqual(discarded, [[{ reason: "sample_rate", category: "error", quantity: 3 }]]);
    });
  });

  describe("of an app with a copy of Sentry 11", () => {
    for (const { name, path } of nodes) {
      for (const copy of ["@sentry/core", "sentry-core-old"]) {
        it(`go through telltale's client (${copy}, Node ${name})`, async () => {
          const { stdout } = await run("own-sentry.mjs", [copy, "captures"], { node: path });
          assert.equal(stdout, "true true\ntrue\n");
          const seen = receiver.events.map((event) => ({
            text: eventText(event),
            level: event.level,
            user: event.user,
            copy: event.tags?.["copy"],
            inside: event.tags?.["inside"],
            traced: trace(event)["trace_id"] !== undefined,
          }));
          const sharedFields = { copy, traced: true };
          const expected = ["/first", "/second"].flatMap((url) =>
            [
              { text: `after the scope of ${url}`, level: "error", inside: undefined },
              { text: `in a scope of ${url}`, level: "warning", inside: "yes" },
              { text: `through the public API, in ${url}`, level: "info", inside: undefined },
            ].map((one) => ({ ...one, user: { id: url }, ...sharedFields })),
          );
          assert.deepEqual(seen.toSorted(byJson), expected.toSorted(byJson));
        });
      }
    }

    for (const copy of ["@sentry/core", "sentry-core-old"]) {
      it(`are sent by the app's own client if it sets up Sentry itself (${copy})`, async () => {
        const { code, stdout, stderr } = await run("own-sentry.mjs", [copy, "inits"], {
          env: { OTEL_LOG_LEVEL: "info" },
        });
        assert.equal(code, 1);
        assert.equal(stdout, "own client: by the app\nown client: through the public API\n");
        assert.match(
          stderr,
          /^telltale: the app calls Sentry\.init itself: its client sends the errors, also those of telltale's functions\.$/m,
        );
        assert.deepEqual(receiver.events, []);
      });

      it(`have the user, and the data that telltale's functions set, in concurrent requests (${copy})`, async () => {
        const { code, stdout } = await run("own-sentry.mjs", [copy, "delegates"], {
          env: { ...unsampledEnv(), TELLTALE_USER_FIELDS: "id" },
        });
        assert.equal(code, 0);
        const { answers, isFlushed, sent } = JSON.parse(stdout) as DelegatedCalls;
        assert.deepEqual([answers, isFlushed], [["true", "true", "true"], true]);
        const seen = sent.map(({ message, level, tags, extra, user }) => ({
          message,
          level,
          tags,
          extra,
          user,
        }));
        const expected = ["/1", "/2", "/3"].flatMap((url) => {
          const data = { extra: { first: url, second: url }, user: { id: `user of ${url}` } };
          return [
            { message: `in ${url}`, level: "warning", tags: { url, own: url }, ...data },
            {
              message: `in a scope of ${url}`,
              level: "fatal",
              tags: { url, inside: "yes" },
              ...data,
            },
          ];
        });
        assert.deepEqual(seen.toSorted(byJson), expected.toSorted(byJson));
        for (const event of sent.filter(({ level }) => level === "fatal")) {
          const span = receiver.spans.find(({ spanId }) => spanId === trace(event)["span_id"]);
          assert.equal(span?.attributes["sentry.event_id"], event.event_id);
        }
      });
    }
  });

  it("are not created without a DSN: calls return at once, and Sentry is not loaded", async () => {
    const { stdout } = await programs.run("nothing.ts");
    const lines = stdout.trim().split("\n");
    assert.deepEqual(lines.slice(0, 4), [
      "undefined undefined",
      "true true undefined false",
      "0",
      "false",
    ]);
    const nanoseconds = Number(lines[4]);
    assert.ok(nanoseconds < 1_000, `${nanoseconds} ns a call`);
  });

  it("are sent although the app has used up its file descriptors before Sentry is loaded", async () => {
    const { code, stderr } = await run("descriptors.ts", [], {
      node: "/bin/sh",
      flags: ["-c", 'ulimit -n 64 && exec "$@"', "sh", node],
      env: { OTEL_LOG_LEVEL: "info" },
    });
    assert.equal(code, 0);
    // Each has a connection of its own.
    const texts = receiver.events.map((event) => eventText(event) ?? "");
    assert.deepEqual(texts.toSorted(), ["early", "early", "late", "late"]);
    assert.doesNotMatch(stderr, /can't be loaded/);
    assert.deepEqual(receiver.clientReports, []);
  });

  it("name release, environment and server of the variables, or else of the service", async () => {
    const service = {
      OTEL_RESOURCE_ATTRIBUTES:
        "service.version=1.2.3,deployment.environment.name=staging,host.name=box",
    };
    assert.deepEqual(await namesWith(service), ["shop@1.2.3", "staging", "box"]);
    const own = { SENTRY_RELEASE: "shop@9", SENTRY_ENVIRONMENT: "night" };
    assert.deepEqual(await namesWith({ ...service, ...own }), ["shop@9", "night", "box"]);
  });

  it("are never spans, whatever SENTRY_TRACES_SAMPLE_RATE is", async () => {
    await run("own-sentry.mjs", ["@sentry/core", "captures"], {
      env: { SENTRY_TRACES_SAMPLE_RATE: "1" },
    });
    assert.ok(receiver.items.length > 0);
    assert.deepEqual([...new Set(receiver.items.map(({ type }) => type))], ["event"]);
  });
});

interface ClientReport {
  readonly discarded_events: unknown;
}

/** Output of `scope-calls.ts`. */
interface ScopeCalls {
  readonly atStart: null;
  readonly items: readonly boolean[];
  readonly isFlushed: boolean;
  readonly [id: string]: unknown;
}

/** Output of `own-sentry.mjs` as it delegates. */
interface DelegatedCalls {
  readonly answers: readonly string[];
  readonly isFlushed: boolean;
  readonly sent: readonly ReceivedEvent[];
}

/** Orders both sides of a comparison in the same way. */
function byJson(a: unknown, b: unknown): number {
  return JSON.stringify(a).localeCompare(JSON.stringify(b));
}

function trace(event: ReceivedEvent): Readonly<Record<string, unknown>> {
  return event.contexts?.["trace"] ?? {};
}

/** Removes the source lines, since those of the shop contain its secrets. */
function withoutSource(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (key.endsWith("context") ? undefined : inner)),
  ) as unknown;
}
