import {
  choice,
  empty,
  integer,
  type Kind,
  limited,
  list,
  map,
  no,
  number,
  oneOf,
  partly,
  type LazyKind,
  type MapKind,
  requiredFlag,
  requiredText,
  type Support,
  yes,
} from "../value-kinds.ts";
import { configurator, consoleExporter, otlpFile, otlpGrpc, otlpHttp } from "./common.ts";

/** Of exporters of which a signal may have several. */
export const severalExporters: Support = {
  ...yes,
  note: "only the first one of a signal has [counters](metrics.md)",
};

export const noFiles: Support = no("there is no exporter of OTLP to a file or stdout");

const exporter = choice("SpanExporter", {
  otlp_http: limited(otlpHttp, severalExporters),
  otlp_grpc: limited(otlpGrpc, severalExporters),
  "otlp_file/development": limited(otlpFile, noFiles),
  console: consoleExporter,
});

/** The keys of batch processors of spans and log records. */
export function batchKeys(exporter: MapKind): Readonly<Record<string, Kind>> {
  return {
    schedule_delay: integer(0),
    export_timeout: integer(0),
    max_queue_size: integer(1),
    max_export_batch_size: integer(1),
    exporter,
  };
}

const required = { required: ["exporter"] };

const processor = choice("SpanProcessor", {
  batch: map("BatchSpanProcessor", batchKeys(exporter), required),
  simple: limited(
    map("SimpleSpanProcessor", { exporter }, required),
    partly("OTLP is exported in batches without a delay"),
  ),
});

const ratio = { ratio: number(0, 1) };
const anySampler: LazyKind = { kind: "lazy", of: () => sampler };

const parentBased = map(
  "ParentBasedSampler",
  {
    root: anySampler,
    remote_parent_sampled: anySampler,
    remote_parent_not_sampled: anySampler,
    local_parent_sampled: anySampler,
    local_parent_not_sampled: anySampler,
  },
  { isNullable: true },
);

const anyComposable: LazyKind = { kind: "lazy", of: () => composable };

const rule = map(
  "ExperimentalComposableRuleBasedSamplerRule",
  {
    attribute_values: map(
      "ExperimentalComposableRuleBasedSamplerRuleAttributeValues",
      { key: requiredText, values: list(requiredText) },
      { required: ["key", "values"] },
    ),
    attribute_patterns: map(
      "ExperimentalComposableRuleBasedSamplerRuleAttributePatterns",
      { key: requiredText, included: list(requiredText), excluded: list(requiredText) },
      { required: ["key"] },
    ),
    span_kinds: list(oneOf("internal", "server", "client", "producer", "consumer")),
    parent: list(oneOf("none", "remote", "local")),
    sampler: anyComposable,
  },
  { required: ["sampler"] },
);

const composable: MapKind = choice("ExperimentalComposableSampler", {
  always_off: empty("ExperimentalComposableAlwaysOffSampler"),
  always_on: empty("ExperimentalComposableAlwaysOnSampler"),
  parent_threshold: map(
    "ExperimentalComposableParentThresholdSampler",
    { root: anyComposable },
    { required: ["root"] },
  ),
  probability: map("ExperimentalComposableProbabilitySampler", ratio, { isNullable: true }),
  rule_based: map(
    "ExperimentalComposableRuleBasedSampler",
    { rules: list(rule) },
    { isNullable: true },
  ),
});

const sampler: MapKind = choice("Sampler", {
  always_off: empty("AlwaysOffSampler"),
  always_on: empty("AlwaysOnSampler"),
  "composite/development": composable,
  "jaeger_remote/development": limited(
    map(
      "ExperimentalJaegerRemoteSampler",
      { endpoint: requiredText, interval: integer(0), initial_sampler: anySampler },
      { required: ["endpoint", "initial_sampler"], isNullable: true },
    ),
    partly("remote sampling is not included: `initial_sampler` is used"),
  ),
  parent_based: parentBased,
  "probability/development": map("ExperimentalProbabilitySampler", ratio, { isNullable: true }),
  trace_id_ratio_based: map("TraceIdRatioBasedSampler", ratio, { isNullable: true }),
});

const limits = map("SpanLimits", {
  attribute_value_length_limit: integer(0),
  attribute_count_limit: integer(0),
  event_count_limit: integer(0),
  link_count_limit: integer(0),
  event_attribute_count_limit: integer(0),
  link_attribute_count_limit: integer(0),
});

const tracerConfig = map("ExperimentalTracerConfig", { enabled: requiredFlag });

export const tracerProvider: MapKind = map(
  "TracerProvider",
  {
    processors: list(processor),
    limits,
    sampler,
    id_generator: choice("IdGenerator", { random: empty("RandomIdGenerator") }),
    "tracer_configurator/development": configurator("Tracer", tracerConfig),
  },
  { required: ["processors"] },
);
