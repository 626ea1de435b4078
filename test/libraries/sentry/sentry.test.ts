import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedEvent } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../../integration/program.ts";

const apps = fileURLToPath(new URL("apps/", import.meta.url));

const versions = ["sentry8", "sentry9", "sentry10", "sentry11"] as const;
const dsnSources = ["code", "environment"] as const;
const HANDOVER_LINE = /^telltale: the app calls Sentry\.init itself: its client sends the errors, /;

const instrument = ["--import", new URL("apps/instrument.mjs", import.meta.url).href];
/** Ways to set up Sentry in an app. */
const starts = [
  { by: "required", main: "main.cjs", flags: preload.import },
  { by: "imported", main: "main.mjs", flags: preload.import },
  { by: "preloaded after telltale", main: "main.cjs", flags: [...preload.import, ...instrument] },
  { by: "preloaded before telltale", main: "main.cjs", flags: [...instrument, ...preload.import] },
];

/** Scenarios of an app, and their events: the same as without the preload. */
const cases: readonly {
  readonly title: string;
  readonly scenario: string;
  readonly options?: object;
  readonly events: readonly string[];
  readonly code?: number;
}[] = [
  {
    title: "drops an error by beforeSend",
    scenario: "uncaught",
    options: { drops: true },
    events: [],
  },
  {
    title: "drops an error by ignoreErrors",
    scenario: "uncaught",
    options: { ignoreErrors: ["uncaught"] },
    events: [],
  },
  { title: "reports an uncaught error as one event", scenario: "uncaught", events: ["uncaught"] },
  { title: "reports a thrown text as one event", scenario: "text", events: ["a text"] },
  { title: "reports a frozen error as one event", scenario: "frozen", events: ["frozen"] },
  {
    title: "reports a rejection as one event",
    scenario: "rejection",
    events: ["rejected"],
    code: 0,
  },
  {
    title: "reports no error that is logged, unless it does by itself",
    scenario: "logged",
    events: ["captured"],
    code: 0,
  },
];

describe("An app's own Sentry", function () {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  const run = async (
    main: string,
    [version, place, scenario]: readonly string[],
    { flags = preload.import, options = {} }: { flags?: readonly string[]; options?: object } = {},
  ): Promise<ProgramResult> => {
    const { SENTRY_DSN: dsn, ...env } = telemetryEnv(receiver);
    const initOptions = place === "code" ? { dsn, ...options } : options;
    const program = new Program({
      flags,
      file: `${apps}${main}`,
      args: [version ?? "", scenario ?? "", JSON.stringify(initOptions)],
      env: {
        ...env,
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "",
        ...(place === "environment" && { SENTRY_DSN: dsn ?? "" }),
      },
    });
    const ended = await program.ended;
    await receiver.settled();
    return ended;
  };
  const linesOf = ({ stderr }: ProgramResult): string[] =>
    stderr.split("\n").filter((line) => line.startsWith("telltale: "));

  for (const version of versions) {
    for (const place of dsnSources) {
      for (const { title, scenario, options = {}, events, code = 1 } of cases) {
        it(`${title} (${version}, DSN in its ${place})`, async () => {
          const ended = await run("main.cjs", [version, place, scenario], { options });
          assert.equal(ended.code, code);
          assert.deepEqual(receiver.events.map(textOf), events);
          for (const event of receiver.events)
            assert.equal(senderOf(event), "sentry.javascript.node");
          const breadcrumbs = receiver.events.flatMap((event) => event.breadcrumbs ?? []);
          const isLine = scenario === "logged" ? 1 : 0;
          assert.equal(breadcrumbs.length, isLine, JSON.stringify(breadcrumbs));
          const handoverLines = linesOf(ended).filter((line) => HANDOVER_LINE.test(line));
          assert.equal(handoverLines.length, 1, ended.stderr);
          assert.equal(linesOf(ended).length, 1, ended.stderr);
        });
      }

      for (const { by, main, flags } of starts) {
        it(`traces, and separates requests (${version}, DSN in its ${place}, ${by})`, async () => {
          const options = { tracesSampleRate: 1, traceLifecycle: "static" };
          const ended = await run(main, [version, place, "requests"], { options, flags });
          assert.equal(ended.code, 0);
          assert.ok(linesOf(ended).length <= 1, ended.stderr);
          assertSeparated(receiver.events);
          const transactions = receiver.items.filter(({ type }) => type === "transaction");
          const servers = receiver.spans.filter(({ kind }) => kind === "SERVER");
          assert.equal(servers.length, 3);
          const traceIds = servers.map(({ traceId }) => traceId).toSorted();
          assert.deepEqual(receiver.events.map(traceOf).toSorted(), traceIds);
          const sent = transactions.map(({ payload }) => traceOf(payload as ReceivedEvent));
          assert.deepEqual(sent.toSorted(), traceIds);
          const posts = receiver.spans.filter(({ kind }) => kind === "CLIENT");
          assert.deepEqual(posts, []);
        });
      }

      it(`gets the events and data of telltale's functions (${version}, DSN in its ${place})`, async () => {
        const { code, stdout, stderr } = await run("main.cjs", [version, place, "calls"]);
        assert.equal(code, 0, stderr);
        assert.equal(stdout, "true\ntrue\ntrue\n");
        const seen = receiver.events.map(({ message, level, tags, extra, user }) => ({
          ...{ message, level, tags, user: user?.["id"] },
          extra: { one: extra?.["one"], two: extra?.["two"] },
        }));
        const expected = ["1", "2"].flatMap((id) => {
          const data = { user: undefined, extra: { one: id, two: id } };
          return [
            { message: `order ${id}`, level: "warning", tags: { order: id, own: id }, ...data },
            {
              message: `order ${id} in a scope`,
              level: "fatal",
              tags: { order: id, inside: id },
              ...data,
            },
          ];
        });
        const byMessage = (a: { message?: unknown }, b: { message?: unknown }): number =>
          JSON.stringify(a.message).localeCompare(JSON.stringify(b.message));
        assert.deepEqual(seen.toSorted(byMessage), expected.toSorted(byMessage));
        // Its last event.
        const servers = receiver.spans.filter(({ kind }) => kind === "SERVER");
        const fatal = receiver.events.filter(({ level }) => level === "fatal");
        assert.deepEqual(
          new Set(servers.map(({ attributes }) => attributes["sentry.event_id"])),
          new Set(fatal.map(({ event_id: id }) => id)),
        );
      });

      it(`has telltale's trace ids if it traces nothing (${version}, DSN in its ${place})`, async () => {
        await run("main.cjs", [version, place, "requests"]);
        assertSeparated(receiver.events);
        const servers = receiver.spans.filter(({ kind }) => kind === "SERVER");
        assert.deepEqual(
          receiver.events.map(traceOf).toSorted(),
          servers.map(({ traceId }) => traceId).toSorted(),
        );
      });
    }
  }
});

function textOf(event: ReceivedEvent): string | undefined {
  return event.exception?.values?.at(-1)?.value;
}

function senderOf(event: ReceivedEvent): unknown {
  return (event["sdk"] as { name?: unknown } | undefined)?.name;
}

function traceOf({ contexts }: ReceivedEvent): string {
  return String(contexts?.["trace"]?.["trace_id"]);
}

/** Asserts one event for each of the three requests, without data of another request. */
function assertSeparated(events: readonly ReceivedEvent[]): void {
  const seen = events.map((event) =>
    [textOf(event), event.user?.["id"], event.tags?.["inside"]].map(String).join(" "),
  );
  assert.deepEqual(seen.toSorted(), [
    "a route undefined undefined",
    "order 1 user-1 1",
    "order 2 user-2 2",
  ]);
}
