import {
  choice,
  empty,
  flag,
  integer,
  limited,
  list,
  map,
  type MapKind,
  no,
  partly,
} from "../value-kinds.ts";
import { configurator, consoleExporter, otlpFile, otlpGrpc, otlpHttp, severity } from "./common.ts";
import { batchKeys, noFiles, severalExporters } from "./traces.ts";

const exporter = choice("LogRecordExporter", {
  otlp_http: limited(otlpHttp, severalExporters),
  otlp_grpc: limited(otlpGrpc, severalExporters),
  "otlp_file/development": limited(otlpFile, noFiles),
  console: consoleExporter,
});

const required = { required: ["exporter"] };

const processor = choice("LogRecordProcessor", {
  batch: map("BatchLogRecordProcessor", batchKeys(exporter), required),
  simple: limited(
    map("SimpleLogRecordProcessor", { exporter }, required),
    partly("OTLP is exported in batches without a delay"),
  ),
  "event_to_span_event_bridge/development": limited(
    empty("ExperimentalEventToSpanEventBridgeLogRecordProcessor"),
    no("log records are not copied to spans; they have the ids of their span"),
  ),
});

const loggerConfig = map("ExperimentalLoggerConfig", {
  enabled: flag,
  minimum_severity: severity,
  trace_based: flag,
});

export const loggerProvider: MapKind = map(
  "LoggerProvider",
  {
    processors: list(processor),
    limits: map("LogRecordLimits", {
      attribute_value_length_limit: integer(0),
      attribute_count_limit: integer(0),
    }),
    "logger_configurator/development": configurator("Logger", loggerConfig),
  },
  { required: ["processors"] },
);
