import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { eventText } from "../../errors/events.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { pollUntil } from "../../until.ts";
import { preload, Program, telemetryEnv } from "../program.ts";
import { openConnection } from "./connection.ts";

const index = new URL("../../../dist/index.js", import.meta.url).href;

const id = (bytes: number): string => randomBytes(bytes).toString("hex");

const rows = [
  { title: "that a ratio of 0 drops", ratio: "0", headers: () => ({}) },
  { title: "that a ratio of 0.1 may drop", ratio: "0.1", headers: () => ({}) },
  { title: "that a ratio of 0.5 may drop", ratio: "0.5", headers: () => ({}) },
  {
    title: "that the caller did not sample",
    ratio: "1",
    headers: () => ({ traceparent: `00-${id(16)}-${id(8)}-00` }),
  },
];

type Row = (typeof rows)[number];

/** Names of the app's ways to fail late, and after the trace was dropped. */
interface Kinds {
  readonly late: readonly string[];
  readonly forgotten: readonly string[];
}

interface Counts {
  readonly created: number;
  readonly sent: number;
  readonly dropped: number;
  readonly queued: number;
}

interface Telemetry {
  readonly spans: Counts;
  readonly events: Counts & { readonly traces: Readonly<Record<string, number>> };
}

interface Run {
  readonly kinds: Kinds;
  /** The counters before the last error. */
  readonly telemetry: Telemetry;
  readonly events: readonly ReceivedEvent[];
  readonly spans: readonly ReceivedSpan[];
}

/** Errors of traces with other spans, which have been dropped before. */
const PARTIAL = ["forgotten other-span", "forgotten twice (1)", "forgotten twice (2)"];

for (const row of rows) {
  describe(`Errors after the response, in a trace ${row.title}`, () => {
    let run: Run;
    before(async () => {
      run = (await allRuns()).get(row) ?? assert.fail();
    });
    const spanOf = ({ contexts }: ReceivedEvent): ReceivedSpan | undefined => {
      const { trace_id: traceId, span_id: spanId } = contexts?.["trace"] ?? {};
      const found = run.spans.filter((span) => span.spanId === spanId && span.traceId === traceId);
      assert.ok(found.length <= 1, `${found.length} spans ${String(spanId)}`);
      return found[0];
    };
    const spansWith = (attribute: string): ReceivedSpan[] =>
      run.spans.filter(({ attributes }) => attribute in attributes);

    it("are one event each", () => {
      assert.deepEqual(
        run.events.map((event) => eventText(event) ?? "").toSorted(),
        expectedTexts(run.kinds),
      );
    });

    it("have their span at the back end", () => {
      const missing = run.events.filter((event) => spanOf(event) === undefined);
      assert.deepEqual(missing.map(eventText), []);
    });

    it("have the local root of their trace there, with the reason", () => {
      const roots = new Set(spansWith("telltale.sampling.reason").map(({ traceId }) => traceId));
      // Jobs start a trace of their own, which a ratio of 1 samples.
      const events = run.events.filter(({ tags }) => row.ratio !== "1" || !tags?.["job.name"]);
      const missing = events.filter(({ contexts }) => {
        const traceId = contexts?.["trace"]?.["trace_id"];
        return typeof traceId !== "string" || !roots.has(traceId);
      });
      assert.deepEqual(missing.map(eventText), []);
    });

    it("have the sampling probability on that root, or the decision of the caller", () => {
      for (const { attributes, parentSpanId } of spansWith("telltale.sampling.reason")) {
        const {
          "telltale.sampling.reason": reason,
          "telltale.sampling.probability": probability,
          "telltale.sampling.parent_sampled": isParentSampled,
        } = attributes;
        const isBelowUnsampled = parentSpanId !== "" && reason !== "sampled";
        assert.equal(isParentSampled, isBelowUnsampled ? false : undefined);
        if (isBelowUnsampled) assert.equal(probability, undefined);
        else assert.ok(Math.abs(Number(probability) - Number(row.ratio)) < 1e-4);
      }
    });

    it("link to their trace, and have a tag where it is incomplete", () => {
      const sampled = new Set(
        run.spans
          .filter(({ attributes }) => attributes["telltale.sampling.reason"] === "sampled")
          .map(({ traceId }) => traceId),
      );
      for (const event of run.events) {
        const traceId = String(event.contexts?.["trace"]?.["trace_id"]);
        const isPartial = PARTIAL.includes(eventText(event) ?? "") && !sampled.has(traceId);
        assert.equal(event.tags?.["trace_exported"], isPartial ? "partly" : undefined);
        assert.equal(event.contexts?.["trace_link"]?.["url"], `https://traces.example/${traceId}`);
      }
    });

    it("are counted by what is exported of their trace", () => {
      const { complete = 0, partial = 0, missing = 0 } = run.telemetry.events.traces;
      assert.deepEqual([complete + partial, missing], [run.telemetry.events.created, 0]);
      if (row.ratio === "0") assert.equal(partial, PARTIAL.length);
    });

    it("leave the counters balanced", () => {
      for (const { created, sent, dropped, queued } of Object.values(run.telemetry)) {
        assert.equal(created, sent + dropped + queued);
      }
    });

    if (row.ratio !== "0") return;

    it("have their id on the span", () => {
      // The handshake was exported with its first error.
      const events = run.events.filter((event) => eventText(event) !== "socket much later");
      for (const event of events)
        assert.equal(spanOf(event)?.attributes["sentry.event_id"], event.event_id);
    });

    it("record on the root how many spans were dropped", () => {
      const roots = spansWith("telltale.sampling.dropped_spans");
      const counts = new Map(
        roots.map(({ attributes }) => [
          attributes["url.path"],
          attributes["telltale.sampling.dropped_spans"],
        ]),
      );
      assert.equal(roots.length, 2);
      assert.deepEqual(counts.get("/forgotten/other-span"), 1);
      assert.deepEqual(counts.get("/forgotten/twice"), 2);
    });

    it("leave keepTrace to work, for the root and all later spans", () => {
      const root = run.spans.find(
        ({ attributes }) => attributes["telltale.sampling.reason"] === "forced",
      );
      const names = run.spans.filter(({ traceId }) => traceId === root?.traceId);
      assert.deepEqual(
        names.map(({ name }) => name),
        ["GET /forgotten/:kind", "after"],
      );
    });
  });
}

let runs: Promise<ReadonlyMap<Row, Run>> | undefined;

/** Runs all rows at once: each waits some seconds for late errors. */
function allRuns(): Promise<ReadonlyMap<Row, Run>> {
  runs ??= Promise.all(rows.map(async (row) => [row, await sendRequests(row)] as const)).then(
    (entries) => new Map(entries),
  );
  return runs;
}

function expectedTexts({ late, forgotten }: Kinds): string[] {
  return [
    ...late.map((kind) => `late ${kind}`),
    ...forgotten
      .filter((kind) => kind !== "kept" && kind !== "twice")
      .map((kind) => `forgotten ${kind}`),
    "forgotten twice (1)",
    "forgotten twice (2)",
    "socket soon",
    "socket much later",
    // Requests of the socket.
    "late promise",
    "late promise",
    "fatal",
  ].toSorted();
}

async function sendRequests({ ratio, headers }: Row): Promise<Run> {
  const receiver = await startReceiver();
  const adminPort = await freePort();
  const program = startApp(receiver, adminPort, ratio);
  try {
    const port = await program.waitForStdout((text) => /^port (\d+)\n/.exec(text)?.[1]);
    const kinds = await program.waitForStdout((text) => /^kinds (.*)\n/m.exec(text)?.[1]);
    const { late, forgotten } = JSON.parse(kinds) as Kinds;
    const get = async (path: string): Promise<string> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: headers() });
      return response.text();
    };
    for (const kind of late) await get(`/late/${kind}`);
    for (const kind of forgotten) await get(`/forgotten/${kind}`);
    const socket = await openConnection(Number(port), headers());
    assert.equal(await socket.ask("soon"), "responded");
    const counts = async (): Promise<Telemetry | undefined> => idleTelemetry(adminPort);
    const before = await pollUntil(counts, "the end of the wait for late errors");
    await get("/open");
    assert.equal(await socket.ask("much later"), "responded");
    // The errors behind the gate, and those of the socket.
    const expected = before.events.created + forgotten.length + 2;
    const telemetry = await pollUntil(async () => {
      const found = await counts();
      return found?.events.created === expected ? found : undefined;
    }, `${expected} events`);
    socket.close();
    await assert.rejects(get("/fatal"));
    await program.ended;
    await receiver.settled();
    const { events, spans } = receiver;
    return { kinds: { late, forgotten }, telemetry, events: [...events], spans: [...spans] };
  } finally {
    program.kill("SIGKILL");
    await program.ended;
    await receiver.close();
  }
}

function startApp(receiver: Receiver, adminPort: number, ratio: string): Program {
  return new Program({
    file: fileURLToPath(new URL("apps/late.mjs", import.meta.url)),
    flags: preload.import,
    env: {
      ...telemetryEnv(receiver),
      NODE_ENV: "test",
      TELLTALE: index,
      TELLTALE_TRACE_URL: "https://traces.example/{trace_id}",
      OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: ratio,
    },
  });
}

/** Returns the counters as soon as all spans and events are sent or dropped. */
async function idleTelemetry(adminPort: number): Promise<Telemetry | undefined> {
  const response = await adminPage(adminPort, "/healthz");
  const { telemetry } = (await response.json()) as { telemetry: Telemetry };
  return telemetry.spans.queued === 0 && telemetry.events.queued === 0 ? telemetry : undefined;
}
