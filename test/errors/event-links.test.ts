import assert from "node:assert/strict";
import type { SpanContext } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { LocalTraceHandle, OwnSpan } from "../../src/context/local-trace-handle.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";
import type { TraceCoverage } from "../../src/diagnostics/telemetry-counters.ts";
import { environmentOf } from "../../src/env.ts";
import { EventLinks, eventUrlOf, type LinkableEvent } from "../../src/errors/event-links.ts";
import { expandTraceUrl } from "../../src/trace-url.ts";
import { NonRecordingSpan } from "../../src/traces/non-recording-span.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const eventId = "fc6d8c0c43fc4630ad850ee518f1b9d0";
const ids = { traceId, spanId, service: "shop", timestampMs: 1_764_450_000_123 };

const expansions: readonly {
  readonly title: string;
  readonly template: string;
  readonly values?: Partial<typeof ids>;
  readonly url: string | undefined;
}[] = [
  {
    title: "a query",
    template: "https://grafana.example/explore?trace={trace_id}",
    url: `https://grafana.example/explore?trace=${traceId}`,
  },
  {
    title: "all placeholders",
    template: "https://x.example/{service}/{trace_id}/{span_id}?at={timestamp}",
    url: `https://x.example/shop/${traceId}/${spanId}?at=1764450000123`,
  },
  {
    title: "a repeated placeholder",
    template: "https://x.example/{trace_id}?id={trace_id}",
    url: `https://x.example/${traceId}?id=${traceId}`,
  },
  {
    title: "a fragment",
    template: "https://x.example/#/trace/{trace_id}",
    url: `https://x.example/#/trace/${traceId}`,
  },
  {
    title: "JSON in a query, whose quotes are encoded",
    template: 'https://x.example/explore?panes={"a":{"query":"{trace_id}"}}',
    url: `https://x.example/explore?panes={%22a%22:{%22query%22:%22${traceId}%22}}`,
  },
  ...(
    [
      ["a space and an umlaut", "my shöp", "my%20sh%C3%B6p"],
      ["delimiters of URLs", "a/b?c=d&e#f@g:h", "a%2Fb%3Fc%3Dd%26e%23f%40g%3Ah"],
      ["a percent sign", "100%", "100%25"],
      ["a placeholder", "{trace_id}", "%7Btrace_id%7D"],
      ["patterns of a replacement", "$&$1$$", "%24%26%241%24%24"],
      ["a line break and quotes", '"\r\n<script>', "%22%0D%0A%3Cscript%3E"],
      ["a lone surrogate", "a\ud800b", "a%EF%BF%BDb"],
      ["no character", "", ""],
    ] as const
  ).map(([title, service, encoded]) => ({
    title: `a service with ${title}`,
    template: "https://x.example/?s={service}&t={trace_id}",
    values: { service },
    url: `https://x.example/?s=${encoded}&t=${traceId}`,
  })),
  ...[
    "",
    "0".repeat(32),
    traceId.toUpperCase(),
    `${traceId}0`,
    "../".repeat(10) + "ab",
    `${traceId}\n`,
  ].map((id) => ({
    title: `the trace id ${JSON.stringify(id)}`,
    template: "https://x.example/{trace_id}",
    values: { traceId: id },
    url: undefined,
  })),
  ...["", "0".repeat(16), "javascript:alert", "<img src=x/onerr", `${spanId}${spanId}`].map(
    (id) => ({
      title: `the span id ${JSON.stringify(id)}`,
      template: "https://x.example/{trace_id}/{span_id}",
      values: { spanId: id },
      url: undefined,
    }),
  ),
];

describe("The address of a trace", () => {
  for (const { title, template, values, url } of expansions) {
    it(`is ${url === undefined ? "left out" : "created"} for ${title}`, () => {
      assert.equal(expandTraceUrl(template, { ...ids, ...values }), url);
    });
  }
});

describe("The address of an event", () => {
  it("is a search for its id", () => {
    const url = `https://acme.sentry.io/issues/?query=${eventId}`;
    assert.equal(eventUrlOf("https://acme.sentry.io", eventId), url);
  });

  for (const id of ["", "last", `${eventId}&x=1`, eventId.toUpperCase(), "../../../settings"]) {
    it(`is left out for the id ${JSON.stringify(id)}`, () => {
      assert.equal(eventUrlOf("https://acme.sentry.io", id), undefined);
    });
  }
});

const TRACE_URL = "https://x.example/{trace_id}";

describe("The links of an event", () => {
  it("are the address of its trace, on the event, and its own address, on the span", () => {
    const { event, span, unit } = link({});
    assert.deepEqual(event.contexts?.["trace_link"], { url: `https://x.example/${traceId}` });
    assert.deepEqual(event.tags, { trace_url: `https://x.example/${traceId}`, region: "north" });
    assert.deepEqual(span?.attributes, {
      "sentry.event_id": eventId,
      "sentry.event_url": `https://acme.sentry.io/issues/?query=${eventId}`,
    });
    assert.equal(unit.errorEventId, eventId);
  });

  it("are in no tag if they are longer than 200 characters", () => {
    const traceUrl = `${TRACE_URL}?${"x".repeat(200)}`;
    const { event } = link({ traceUrl });
    assert.deepEqual(event.tags, { region: "north" });
    assert.match(String(event.contexts?.["trace_link"]?.["url"]), /x{200}$/);
  });

  it("replace no tag of the app", () => {
    const { event } = link({ event: { tags: { trace_url: "mine" } } });
    assert.deepEqual(event.tags, { trace_url: "mine" });
  });

  it("include no trace that is not kept, and have a tag", () => {
    const { event, coverage } = link({ span: new RecordedSpan({ kept: false }) });
    assertNoTraceLink(event);
    assert.equal(event.tags?.["trace_exported"], "no");
    assert.equal(coverage, "missing");
  });

  it("include a trace with dropped spans, and have a tag", () => {
    const { event, coverage } = link({ span: new RecordedSpan({ droppedSpans: 3 }) });
    assert.equal(event.contexts?.["trace_link"]?.["url"], `https://x.example/${traceId}`);
    assert.equal(event.tags?.["trace_exported"], "partly");
    assert.equal(coverage, "partial");
  });

  it("have no tag with a complete trace", () => {
    const { event, coverage } = link({});
    assert.equal("trace_exported" in (event.tags ?? {}), false);
    assert.equal(coverage, "complete");
  });

  it("have a tag if a trace is missing because the sampler records no span of it", () => {
    const { event, coverage } = link({
      span: new ForeignSpan(traceId),
      unitSpan: new ForeignSpan(traceId),
    });
    assertNoTraceLink(event);
    assert.deepEqual([event.tags?.["trace_exported"], coverage], ["no", "missing"]);
  });

  it("include no trace of a foreign span", () => {
    const { event, coverage } = link({ span: new ForeignSpan(traceId) });
    assertNoTraceLink(event);
    assert.deepEqual([event.tags, coverage], [{ region: "north" }, undefined]);
  });

  it("include no trace that is not the event's", () => {
    assertNoTraceLink(link({ event: { contexts: { trace: { trace_id: "f".repeat(32) } } } }).event);
    assertNoTraceLink(link({ event: { contexts: {} } }).event);
  });

  it("include no trace without a span", () => {
    assertNoTraceLink(link({ span: undefined, unitSpan: new RecordedSpan() }).event);
  });

  it("include no trace that is not exported over OTLP", () => {
    const rows = [
      { OTEL_TRACES_EXPORTER: "none" },
      { OTEL_TRACES_EXPORTER: "console" },
      { OTEL_TRACES_SAMPLER: "always_off" },
    ];
    for (const env of rows) {
      const { event, coverage } = link({ env, span: new RecordedSpan({ kept: false }) });
      assertNoTraceLink(event);
      assert.deepEqual([event.tags, coverage], [{ region: "north" }, undefined]);
    }
  });

  it("set no id on later log records if the event is a message", () => {
    const { unit } = link({ event: { message: "a message" } });
    assert.equal(unit.errorEventId, undefined);
  });

  it("are left out on the span if the event has no id", () => {
    const { span, unit } = link({ withoutId: true });
    assert.deepEqual(span?.attributes, {});
    assert.equal(unit.errorEventId, undefined);
  });

  it("are the id alone without variables", () => {
    const { event, span, unit } = link({ traceUrl: "", env: { SENTRY_ORG_URL: "" } });
    assertNoTraceLink(event);
    assert.deepEqual(span?.attributes, { "sentry.event_id": eventId });
    assert.equal(unit.errorEventId, eventId);
  });
});

/** A span that records its attributes, outside of telltale's traces. */
class ForeignSpan extends NonRecordingSpan {
  readonly attributes: Record<string, unknown> = {};

  constructor(id: string) {
    super({ traceId: id, spanId, traceFlags: 1 } satisfies SpanContext);
  }

  override setAttribute(name?: string, value?: unknown): this {
    if (name !== undefined) this.attributes[name] = value;
    return this;
  }
}

class RecordedSpan extends ForeignSpan implements OwnSpan {
  readonly localTrace: LocalTraceHandle;

  constructor(localTrace: Partial<LocalTraceHandle> = {}) {
    super(traceId);
    this.localTrace = {
      kept: true,
      hasFailedSpan: false,
      droppedSpans: 0,
      keep: () => undefined,
      ...localTrace,
    };
  }

  keepTrace(): void {}

  addLateEvent(): void {}

  annotate(name: string, value: unknown): void {
    this.setAttribute(name, value);
  }
}

interface LinkOptions {
  readonly event?: Partial<LinkableEvent>;
  readonly withoutId?: boolean;
  readonly span?: ForeignSpan | undefined;
  readonly unitSpan?: ForeignSpan;
  readonly traceUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface LinkResult {
  readonly event: LinkableEvent;
  readonly span: ForeignSpan | undefined;
  readonly unit: UnitOfWork;
  readonly coverage: TraceCoverage | undefined;
}

/** Links an error event in a unit of work. */
function link(options: LinkOptions): LinkResult {
  const { traceUrl = TRACE_URL, unitSpan, env } = options;
  const environment = environmentOf({
    TELLTALE_TRACE_URL: traceUrl,
    SENTRY_ORG_URL: "https://acme.sentry.io",
    ...env,
  });
  const config = parseConfig(environment).config.errors;
  const resource = resourceFromAttributes({ "service.name": "shop" });
  const span = "span" in options ? options.span : new RecordedSpan();
  const unit = new UnitOfWork();
  unit.span = unitSpan;
  const event: LinkableEvent = {
    ...(options.withoutId !== true && { event_id: eventId }),
    timestamp: 1_764_450_000.123,
    exception: {},
    contexts: { trace: { trace_id: traceId } },
    tags: { region: "north" },
    ...options.event,
  };
  const links = new EventLinks({ config, resource });
  const origin = { unit, ids: unit, span };
  links.recordEvent(event, origin);
  const coverage = links.addTraceLink(event, origin);
  return { event, span, unit, coverage };
}

function assertNoTraceLink({ contexts, tags }: LinkableEvent): void {
  assert.equal(contexts?.["trace_link"], undefined);
  assert.equal(tags?.["trace_url"], undefined);
}
