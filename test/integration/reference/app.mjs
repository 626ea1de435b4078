import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";

/*
 * Makes spans through the API. With `sdk-node` it starts OpenTelemetry's own
 * SDK first; without it, the API is served by the preload.
 */

const [, , sdkName] = process.argv;
const sdk = sdkName === "sdk-node" ? await startSdk() : undefined;

const tracer = trace.getTracer("reference", "1.0.0", { schemaUrl: "https://example.test/1" });

const remote = propagation.extract(ROOT_CONTEXT, {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "vendor=1",
});
const outer = tracer.startSpan(
  "outer",
  {
    kind: SpanKind.SERVER,
    startTime: [1_700_000_000, 5],
    attributes: { text: "a", whole: 3, part: 0.5, yes: true, list: ["a", "b"], numbers: [1, 2] },
  },
  remote,
);
context.with(trace.setSpan(remote, outer), () => {
  tracer.startActiveSpan("inner", { kind: SpanKind.CLIENT }, (inner) => {
    inner.addEvent("found", { count: 2 }, [1_700_000_001, 0]);
    inner.recordException(new TypeError("no such order"), [1_700_000_002, 0]);
    inner.setStatus({ code: SpanStatusCode.ERROR, message: "no such order" });
    inner.addLink({ context: outer.spanContext(), attributes: { why: "batch" } });
    inner.updateName("inner renamed");
    inner.end();
  });
});
outer.setAttributes({ text: "b", later: 1 });
outer.setStatus({ code: SpanStatusCode.OK });
outer.end([1_700_000_003, 7]);
outer.setAttribute("late", true);

tracer.startSpan("root", { root: true }, remote).end();

await (sdk?.shutdown() ?? trace.getTracerProvider().getDelegate().forceFlush());

async function startSdk() {
  const { NodeSDK } = await import("@opentelemetry/sdk-node");
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
  const nodeSdk = new NodeSDK({ traceExporter: new OTLPTraceExporter(), logRecordProcessors: [] });
  nodeSdk.start();
  return nodeSdk;
}
