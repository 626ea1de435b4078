import type { ExtensionConfig } from "../public-api/extension-config.ts";

/** The kinds of values of the keys. */
export type KeyShape =
  /** An object with these methods. */
  | { readonly kind: "component"; readonly methods: readonly string[]; readonly nullable?: true }
  /** A list of such objects. */
  | { readonly kind: "components"; readonly methods: readonly string[] }
  | { readonly kind: "function" }
  | { readonly kind: "text" }
  | { readonly kind: "object" };

const component = (...methods: string[]): KeyShape => ({ kind: "component", methods });
const components = (...methods: string[]): KeyShape => ({ kind: "components", methods });

export type ExtensionKey = keyof ExtensionConfig;

/** The keys of an extension, with their values. */
export const keys: Readonly<Record<ExtensionKey, KeyShape>> = {
  spanProcessors: components("onStart", "onEnd"),
  traceExporter: component("export"),
  logRecordProcessors: components("onEmit"),
  views: components(),
  metricReaders: components("setMetricProducer", "collect"),
  resource: { kind: "object" },
  resourceDetectors: components("detect"),
  serviceName: { kind: "text" },
  instrumentations: components("setTracerProvider", "setMeterProvider", "enable"),
  requestHook: { kind: "function" },
  responseHook: { kind: "function" },
  ignoreRequest: { kind: "function" },
  spanName: { kind: "function" },
  sampler: component("shouldSample"),
  idGenerator: component("generateTraceId", "generateSpanId"),
  textMapPropagator: {
    kind: "component",
    methods: ["inject", "extract", "fields"],
    nullable: true,
  },
  beforeSend: { kind: "function" },
  beforeBreadcrumb: { kind: "function" },
  redaction: { kind: "object" },
  healthChecks: { kind: "object" },
};

/** Keys of `NodeSDKConfiguration` without effect, with the reason. */
export const ignoredKeys: Readonly<Record<string, string>> = {
  autoDetectResources: "use OTEL_NODE_RESOURCE_DETECTORS",
  contextManager: "telltale's own context carries the unit of work",
  spanLimits: "use OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT and the other limits of OpenTelemetry",
};
