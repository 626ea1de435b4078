import {
  anyNumber,
  choice,
  empty,
  flag,
  integer,
  limited,
  list,
  map,
  type MapKind,
  no,
  oneOf,
  partly,
  renamed,
  requiredFlag,
  text,
} from "../value-kinds.ts";
import {
  configurator,
  consoleMetrics,
  includeExclude,
  otlpFileMetrics,
  otlpGrpcMetrics,
  otlpHttpMetrics,
} from "./common.ts";
import { noFiles, severalExporters } from "./traces.ts";

const producers = limited(
  list(choice("MetricProducer", { opencensus: empty("OpenCensusMetricProducer") })),
  no("no producer is included"),
);

export const instrumentKinds: readonly string[] = [
  "counter",
  "gauge",
  "histogram",
  "observable_counter",
  "observable_gauge",
  "observable_up_down_counter",
  "up_down_counter",
];

const limit = integer(1);

const cardinalityLimits = limited(
  map("CardinalityLimits", {
    default: limit,
    ...Object.fromEntries(instrumentKinds.map((kind) => [kind, limit])),
  }),
  partly("all readers share the limits of the first one that has some"),
);

const pushExporter = choice("PushMetricExporter", {
  otlp_http: limited(otlpHttpMetrics, severalExporters),
  otlp_grpc: limited(otlpGrpcMetrics, severalExporters),
  "otlp_file/development": limited(otlpFileMetrics, noFiles),
  console: consoleMetrics,
});

const periodic = map(
  "PeriodicMetricReader",
  {
    interval: integer(0),
    timeout: integer(0),
    "max_export_batch_size/development": integer(1),
    exporter: pushExporter,
    producers,
    cardinality_limits: cardinalityLimits,
  },
  { required: ["exporter"] },
);

const prometheus = map(
  "ExperimentalPrometheusMetricExporter",
  {
    host: text,
    port: integer(0, 65_535),
    scope_info_enabled: flag,
    "target_info_enabled/development": flag,
    resource_constant_labels: includeExclude,
    translation_strategy: oneOf(
      "underscore_escaping_with_suffixes",
      "underscore_escaping_without_suffixes/development",
      "no_utf8_escaping_with_suffixes/development",
      "no_translation/development",
    ),
    without_scope_info: renamed(flag, "scope_info_enabled"),
    "without_target_info/development": renamed(flag, "target_info_enabled/development"),
    with_resource_constant_labels: renamed(includeExclude, "resource_constant_labels"),
  },
  { isNullable: true },
);

const pull = map(
  "PullMetricReader",
  {
    exporter: choice("PullMetricExporter", { "prometheus/development": prometheus }),
    producers,
    cardinality_limits: cardinalityLimits,
  },
  { required: ["exporter"] },
);

const aggregation = choice("Aggregation", {
  default: empty("DefaultAggregation"),
  drop: empty("DropAggregation"),
  explicit_bucket_histogram: map(
    "ExplicitBucketHistogramAggregation",
    { boundaries: list(anyNumber, 0), record_min_max: flag },
    { isNullable: true },
  ),
  base2_exponential_bucket_histogram: map(
    "Base2ExponentialBucketHistogramAggregation",
    {
      max_scale: integer(-10, 20),
      max_size: integer(2),
      record_min_max: flag,
    },
    { isNullable: true },
  ),
  last_value: empty("LastValueAggregation"),
  sum: empty("SumAggregation"),
});

const view = map(
  "View",
  {
    selector: map("ViewSelector", {
      instrument_name: text,
      instrument_type: oneOf(...instrumentKinds),
      unit: text,
      meter_name: text,
      meter_version: text,
      meter_schema_url: text,
    }),
    stream: map("ViewStream", {
      name: text,
      description: text,
      aggregation,
      aggregation_cardinality_limit: limit,
      attribute_keys: includeExclude,
    }),
  },
  { required: ["selector", "stream"] },
);

const meterConfig = map("ExperimentalMeterConfig", { enabled: requiredFlag });

export const meterProvider: MapKind = map(
  "MeterProvider",
  {
    readers: list(choice("MetricReader", { periodic, pull })),
    views: list(view),
    exemplar_filter: oneOf("always_on", "always_off", "trace_based"),
    "meter_configurator/development": configurator("Meter", meterConfig),
  },
  { required: ["readers"] },
);
