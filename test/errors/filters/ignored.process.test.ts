import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { eventText } from "../events.ts";
import { bundlePrograms, type ProcessResult, type BundledPrograms } from "../preload.ts";

/** The lists of ignored errors and routes, and the texts of the events of a shop that remain. */
const cases: readonly {
  readonly title: string;
  readonly visits: "errors" | "routes" | "fatal";
  readonly env: Readonly<Record<string, string>>;
  readonly texts: readonly string[];
  readonly ignored: number;
  /** Lines on stderr, without `telltale: TELLTALE_IGNORE_ERRORS: received `. */
  readonly lines?: readonly string[];
}[] = [
  {
    title: "by a part of the message, and by a regular expression",
    visits: "errors",
    env: { TELLTALE_IGNORE_ERRORS: "then handled,/^(THROWN|rejected) in a/i" },
    texts: ["captured, then thrown"],
    ignored: 3,
  },
  {
    title: "by a list with an entry that is not supported",
    visits: "errors",
    env: { TELLTALE_IGNORE_ERRORS: "/(?<!x)captured/,captured,/in a handler" },
    texts: ["rejected in a handler", "thrown in a handler"],
    ignored: 2,
    lines: [
      '"/in a handler", expected a text, or a regular expression like /^connect ECONN/i (the slash at the end is missing); using the other entries',
      '"/(?<!x)captured/", expected a regular expression in the syntax of RE2, without look-around and back references (error parsing regexp: invalid named capture: `(?<!x)captured`); using the other entries',
    ],
  },
  {
    title: "by routes, also if the route is matched after the capture",
    visits: "routes",
    env: { TELLTALE_IGNORE_TRANSACTIONS: "/orders/*" },
    texts: ["before the route"],
    ignored: 2,
  },
  {
    title: "that end the process",
    visits: "fatal",
    env: { TELLTALE_IGNORE_ERRORS: "thrown in a timer" },
    texts: [],
    ignored: 1,
  },
];

describe("Ignored errors", () => {
  let programs: BundledPrograms;
  let receiver: Receiver;
  before(async () => {
    [programs, receiver] = await Promise.all([bundlePrograms(["shop.mjs"]), startReceiver()]);
  });
  beforeEach(() => receiver.clear());
  after(() => Promise.all([programs.remove(), receiver.close()]));

  const run = async (visits: string, env: Record<string, string>): Promise<ProcessResult> => {
    const exporting = {
      SENTRY_DSN: receiver.dsn,
      OTEL_LOG_LEVEL: "warn",
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_TRACES_SAMPLER: "traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0",
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    };
    const ended = await programs.run("shop.mjs", { args: [visits], env: { ...exporting, ...env } });
    await receiver.settled();
    return ended;
  };

  for (const { title, visits, env, texts, ignored, lines = [] } of cases) {
    it(`(${title}) are no events, and are counted in the client report`, async () => {
      const { stderr } = await run(visits, env);
      const sent = receiver.events.map((event) => eventText(event) ?? "");
      assert.deepEqual(sent.toSorted(), texts.toSorted());
      const reports = receiver.items.filter(({ type }) => type === "client_report");
      assert.deepEqual(
        reports.map(({ payload }) => (payload as { discarded_events: unknown }).discarded_events),
        [[{ reason: "event_processor", category: "error", quantity: ignored }]],
      );
      const own = stderr.split("\n").filter((line) => line.startsWith("telltale: "));
      const start = "telltale: TELLTALE_IGNORE_ERRORS: received ";
      assert.deepEqual(
        own,
        lines.map((line) => `${start}${line}`),
      );
    });
  }

  it("keep no trace, and are not on spans", async () => {
    await run("errors", { TELLTALE_IGNORE_ERRORS: "in a handler,captured" });
    const reasons = receiver.spans
      .filter(({ kind }) => kind === "SERVER")
      .map(({ attributes }) => [
        attributes["telltale.sampling.reason"],
        attributes["sentry.event_id"],
      ]);
    // Those of a response with 500. That of the error that was captured and handled is dropped.
    assert.deepEqual(
      reasons,
      Array.from({ length: 4 }, () => ["span_error", undefined]),
    );
  });
});
