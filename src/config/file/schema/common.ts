import {
  empty,
  flag,
  integer,
  limited,
  list,
  map,
  oneOf,
  partly,
  type MapKind,
  requiredText,
  type ScalarKind,
  secret,
  text,
} from "../value-kinds.ts";

export const severities: readonly string[] = [
  ...["trace", "trace2", "trace3", "trace4", "debug", "debug2", "debug3", "debug4"],
  ...["info", "info2", "info3", "info4", "warn", "warn2", "warn3", "warn4"],
  ...["error", "error2", "error3", "error4", "fatal", "fatal2", "fatal3", "fatal4"],
];

export const severity: ScalarKind = oneOf(...severities);

export const includeExclude: MapKind = map("IncludeExclude", {
  included: list(requiredText),
  excluded: list(requiredText),
});

const pair = map(
  "NameStringValuePair",
  { name: requiredText, value: secret },
  { required: ["name", "value"] },
);

const tlsFiles = { ca_file: text, key_file: text, cert_file: text };
const httpTls = map("HttpTls", tlsFiles, { isNullable: true });
const grpcTls = map("GrpcTls", { ...tlsFiles, insecure: flag }, { isNullable: true });

const shared = {
  endpoint: text,
  headers: list(pair),
  headers_list: secret,
  compression: oneOf("gzip", "none"),
  timeout: integer(0),
};
const http = { ...shared, tls: httpTls, encoding: oneOf("protobuf", "json") };
const grpc = { ...shared, tls: grpcTls };

export const otlpHttp: MapKind = map("OtlpHttpExporter", http, { isNullable: true });
export const otlpGrpc: MapKind = map("OtlpGrpcExporter", grpc, { isNullable: true });

const forMetrics = {
  temporality_preference: oneOf("cumulative", "delta", "low_memory"),
  default_histogram_aggregation: oneOf(
    "explicit_bucket_histogram",
    "base2_exponential_bucket_histogram",
  ),
};

export const otlpHttpMetrics: MapKind = map(
  "OtlpHttpMetricExporter",
  { ...http, ...forMetrics },
  { isNullable: true },
);
export const otlpGrpcMetrics: MapKind = map(
  "OtlpGrpcMetricExporter",
  { ...grpc, ...forMetrics },
  { isNullable: true },
);

export const consoleExporter: MapKind = empty("ConsoleExporter");

const printed = partly("the console has cumulative totals and explicit buckets");

export const consoleMetrics: MapKind = map(
  "ConsoleMetricExporter",
  {
    temporality_preference: limited(forMetrics.temporality_preference, printed),
    default_histogram_aggregation: limited(forMetrics.default_histogram_aggregation, printed),
  },
  { isNullable: true },
);

export const otlpFile: MapKind = map(
  "ExperimentalOtlpFileExporter",
  { output_stream: text },
  { isNullable: true },
);
export const otlpFileMetrics: MapKind = map(
  "ExperimentalOtlpFileMetricExporter",
  { output_stream: text, ...forMetrics },
  { isNullable: true },
);

/** What applies to loggers, meters or tracers by the names of their scopes. */
export function configurator(kind: "Logger" | "Meter" | "Tracer", config: MapKind): MapKind {
  const matcher = map(
    `Experimental${kind}MatcherAndConfig`,
    { name: requiredText, config },
    { required: ["name", "config"] },
  );
  const keys = { default_config: config, [`${kind.toLowerCase()}s`]: list(matcher) };
  return map(`Experimental${kind}Configurator`, keys);
}
