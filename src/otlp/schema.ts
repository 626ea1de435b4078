import type { ProtobufSchema } from "./protobuf.ts";

/**
 * The messages of OTLP 1.x and their fields, from `opentelemetry-proto` (`collector/…`,
 * `trace`, `logs`, `metrics`, `resource`, `common`). Ids are read as hex, as in OTLP's
 * JSON encoding.
 */
export const otlpSchema: ProtobufSchema = {
  AnyValue:
    "1 stringValue string, 2 boolValue bool, 3 intValue int64, 4 doubleValue double, 5 arrayValue ArrayValue, 6 kvlistValue KeyValueList, 7 bytesValue bytes",
  ArrayValue: "1 values AnyValue[]",
  KeyValueList: "1 values KeyValue[]",
  KeyValue: "1 key string, 2 value AnyValue",
  InstrumentationScope:
    "1 name string, 2 version string, 3 attributes KeyValue[], 4 droppedAttributesCount uint32",
  Resource: "1 attributes KeyValue[], 2 droppedAttributesCount uint32",

  ExportTraceServiceRequest: "1 resourceSpans ResourceSpans[]",
  ResourceSpans: "1 resource Resource, 2 scopeSpans ScopeSpans[], 3 schemaUrl string",
  ScopeSpans: "1 scope InstrumentationScope, 2 spans Span[], 3 schemaUrl string",
  Span: "1 traceId hex, 2 spanId hex, 3 traceState string, 4 parentSpanId hex, 5 name string, 6 kind uint32, 7 startTimeUnixNano fixed64, 8 endTimeUnixNano fixed64, 9 attributes KeyValue[], 10 droppedAttributesCount uint32, 11 events Event[], 12 droppedEventsCount uint32, 13 links Link[], 14 droppedLinksCount uint32, 15 status Status, 16 flags fixed32",
  Event:
    "1 timeUnixNano fixed64, 2 name string, 3 attributes KeyValue[], 4 droppedAttributesCount uint32",
  Link: "1 traceId hex, 2 spanId hex, 3 traceState string, 4 attributes KeyValue[], 5 droppedAttributesCount uint32, 6 flags fixed32",
  Status: "2 message string, 3 code uint32",

  ExportLogsServiceRequest: "1 resourceLogs ResourceLogs[]",
  ResourceLogs: "1 resource Resource, 2 scopeLogs ScopeLogs[], 3 schemaUrl string",
  ScopeLogs: "1 scope InstrumentationScope, 2 logRecords LogRecord[], 3 schemaUrl string",
  LogRecord:
    "1 timeUnixNano fixed64, 2 severityNumber uint32, 3 severityText string, 5 body AnyValue, 6 attributes KeyValue[], 7 droppedAttributesCount uint32, 8 flags fixed32, 9 traceId hex, 10 spanId hex, 11 observedTimeUnixNano fixed64, 12 eventName string",

  ExportMetricsServiceRequest: "1 resourceMetrics ResourceMetrics[]",
  ResourceMetrics: "1 resource Resource, 2 scopeMetrics ScopeMetrics[], 3 schemaUrl string",
  ScopeMetrics: "1 scope InstrumentationScope, 2 metrics Metric[], 3 schemaUrl string",
  Metric:
    "1 name string, 2 description string, 3 unit string, 5 gauge Gauge, 7 sum Sum, 9 histogram Histogram, 10 exponentialHistogram ExponentialHistogram, 11 summary Summary",
  Gauge: "1 dataPoints NumberDataPoint[]",
  Sum: "1 dataPoints NumberDataPoint[], 2 aggregationTemporality uint32, 3 isMonotonic bool",
  Histogram: "1 dataPoints HistogramDataPoint[], 2 aggregationTemporality uint32",
  ExponentialHistogram:
    "1 dataPoints ExponentialHistogramDataPoint[], 2 aggregationTemporality uint32",
  Summary: "1 dataPoints SummaryDataPoint[]",
  NumberDataPoint:
    "2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 asDouble double, 5 exemplars Exemplar[], 6 asInt sfixed64, 7 attributes KeyValue[], 8 flags uint32",
  HistogramDataPoint:
    "2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 count fixed64, 5 sum double, 6 bucketCounts fixed64[], 7 explicitBounds double[], 8 exemplars Exemplar[], 9 attributes KeyValue[], 10 flags uint32, 11 min double, 12 max double",
  ExponentialHistogramDataPoint:
    "1 attributes KeyValue[], 2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 count fixed64, 5 sum double, 6 scale sint32, 7 zeroCount fixed64, 8 positive Buckets, 9 negative Buckets, 10 flags uint32, 11 exemplars Exemplar[], 12 min double, 13 max double, 14 zeroThreshold double",
  Buckets: "1 offset sint32, 2 bucketCounts int64[]",
  SummaryDataPoint:
    "2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 count fixed64, 5 sum double, 6 quantileValues Quantile[], 7 attributes KeyValue[], 8 flags uint32",
  Quantile: "1 quantile double, 2 value double",
  Exemplar:
    "2 timeUnixNano fixed64, 3 asDouble double, 4 spanId hex, 5 traceId hex, 6 asInt sfixed64, 7 filteredAttributes KeyValue[]",
};
