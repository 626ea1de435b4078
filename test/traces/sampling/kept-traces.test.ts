import assert from "node:assert/strict";
import { defaultTextMapGetter, defaultTextMapSetter } from "@opentelemetry/api";
import type { PropagatorName, SamplerName } from "../../../src/config/config.ts";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { createPropagator } from "../../../src/traces/propagation/propagator.ts";
import { createSampler, headProbability } from "../../../src/traces/sampling/sampler.ts";
import type { TelltaleSpan } from "../../../src/traces/span.ts";
import { collectingProvider } from "../provider.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID = "00f067aa0ba902b7";

interface Row {
  readonly title: string;
  readonly propagator: PropagatorName;
  readonly headers: Readonly<Record<string, string>>;
  readonly sampler?: SamplerName;
  /** Attributes of the local root beside the reason. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The sampling decision in the headers of an outgoing call. */
  readonly sent: Readonly<Record<string, RegExp>>;
}

const unsampledByCaller = { "telltale.sampling.parent_sampled": false };
const traceparent = `00-${TRACE_ID}-${SPAN_ID}-00`;

/** Headers of callers that did not sample the trace, or left that to this service. */
const rows: readonly Row[] = [
  {
    title: "traceparent",
    propagator: "tracecontext",
    headers: { traceparent },
    attributes: unsampledByCaller,
    sent: { traceparent: /-00$/ },
  },
  {
    title: "traceparent with a threshold that contradicts it",
    propagator: "tracecontext",
    headers: { traceparent, tracestate: "ot=th:8;rv:12345678901234,other=1" },
    attributes: unsampledByCaller,
    sent: { traceparent: /-00$/, tracestate: /^ot=rv:12345678901234,other=1$/ },
  },
  {
    title: "b3",
    propagator: "b3",
    headers: { b3: `${TRACE_ID}-${SPAN_ID}-0` },
    attributes: unsampledByCaller,
    sent: { b3: /-0$/ },
  },
  {
    title: "x-b3-sampled",
    propagator: "b3multi",
    headers: { "x-b3-traceid": TRACE_ID, "x-b3-spanid": SPAN_ID, "x-b3-sampled": "0" },
    attributes: unsampledByCaller,
    sent: { "x-b3-sampled": /^0$/ },
  },
  {
    title: "uber-trace-id",
    propagator: "jaeger",
    headers: { "uber-trace-id": `${TRACE_ID}:${SPAN_ID}:0:0` },
    attributes: unsampledByCaller,
    sent: { "uber-trace-id": /:00$/ },
  },
  {
    title: "x-amzn-trace-id",
    propagator: "xray",
    headers: {
      "x-amzn-trace-id": `Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=${SPAN_ID};Sampled=0`,
    },
    attributes: unsampledByCaller,
    sent: { "x-amzn-trace-id": /;Sampled=0$/ },
  },
  {
    title: "sentry-trace",
    propagator: "sentry",
    headers: { "sentry-trace": `${TRACE_ID}-${SPAN_ID}-0` },
    attributes: unsampledByCaller,
    sent: { "sentry-trace": /-0$/ },
  },
  {
    title: "sentry-trace without a decision",
    propagator: "sentry",
    headers: { "sentry-trace": `${TRACE_ID}-${SPAN_ID}` },
    attributes: { "telltale.sampling.probability": 0 },
    sent: { "sentry-trace": /-0$/ },
  },
  {
    title: "traceparent, whose decision the sampler ignores",
    propagator: "tracecontext",
    headers: { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`, tracestate: "ot=th:8" },
    sampler: "traceidratio",
    attributes: { "telltale.sampling.probability": 0 },
    sent: { traceparent: /-00$/ },
  },
  {
    title: "no header",
    propagator: "tracecontext",
    headers: {},
    attributes: { "telltale.sampling.probability": 0 },
    sent: { traceparent: /-02$/ },
  },
];

describe("A trace that an error keeps, after", () => {
  for (const { title, propagator, headers, sampler, attributes, sent } of rows) {
    it(`${title}: has its reason on the local root, and passes the decision of sampling on to callees`, () => {
      const config = { name: sampler ?? "parentbased_traceidratio", ratio: 0 } as const;
      const { provider, exported } = collectingProvider({
        sampler: createSampler(config),
        probabilityOf: headProbability(config),
      });
      const propagation = createPropagator([propagator], { sentry: false });
      const remote = propagation.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
      const tracer = provider.getTracer("t");
      const root = tracer.startSpan("root", {}, remote) as TelltaleSpan;
      const callHeaders = (): Record<string, string> => {
        const call = tracer.startSpan("call", {}, ROOT_CONTEXT.withSpan(root));
        const carrier: Record<string, string> = {};
        propagation.inject(ROOT_CONTEXT.withSpan(call), carrier, defaultTextMapSetter);
        call.end();
        return carrier;
      };
      const carriers = [callHeaders()];
      root.keepTrace("error_captured");
      carriers.push(callHeaders());
      root.end();
      assert.deepEqual(
        exported.map(({ name }) => name),
        ["call", "call", "root"],
      );
      const reason = { "telltale.sampling.reason": "error_captured" };
      assert.deepEqual(exported[2]?.attributes, { ...reason, ...attributes });
      for (const carrier of carriers) {
        for (const [name, pattern] of Object.entries(sent))
          assert.match(carrier[name] ?? "", pattern);
      }
      for (const span of exported) {
        assert.equal(span.spanContext().traceFlags & 1, 0);
        assert.doesNotMatch(span.spanContext().traceState?.serialize() ?? "", /th:/);
      }
    });
  }
});
