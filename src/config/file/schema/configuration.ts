import {
  attribute,
  choice,
  empty,
  flag,
  integer,
  limited,
  list,
  map,
  type MapKind,
  quietlyNot,
  oneOf,
  requiredText,
  text,
  yes,
} from "../value-kinds.ts";
import { includeExclude, severity } from "./common.ts";
import { distribution, instrumentation } from "./instrumentation.ts";
import { loggerProvider } from "./logs.ts";
import { meterProvider } from "./metrics.ts";
import { tracerProvider } from "./traces.ts";

/*
 * The schema of configuration files, versions 1.0 and 1.1, with what telltale supports of
 * it. The names of the maps are those of the published schema, with which a test compares
 * the keys.
 *
 * https://github.com/open-telemetry/opentelemetry-configuration
 */

const resource = map("Resource", {
  attributes: list(
    map(
      "AttributeNameValue",
      {
        name: requiredText,
        value: attribute,
        type: oneOf(
          ...["string", "bool", "int", "double"],
          ...["string_array", "bool_array", "int_array", "double_array"],
        ),
      },
      { required: ["name", "value"] },
    ),
  ),
  attributes_list: text,
  schema_url: limited(text, quietlyNot("resources have no schema URL")),
  "detection/development": map("ExperimentalResourceDetection", {
    attributes: includeExclude,
    detectors: list(
      choice("ExperimentalResourceDetector", {
        container: empty("ExperimentalContainerResourceDetector"),
        host: empty("ExperimentalHostResourceDetector"),
        process: empty("ExperimentalProcessResourceDetector"),
        service: empty("ExperimentalServiceResourceDetector"),
        os: empty("OsResourceDetector"),
      }),
    ),
  }),
});

/** A component without options. */
function propagator(name: string): MapKind {
  return empty(`${name}Propagator`);
}

const propagators = map("Propagator", {
  composite: list(
    choice("TextMapPropagator", {
      tracecontext: propagator("TraceContext"),
      baggage: propagator("Baggage"),
      b3: propagator("B3"),
      b3multi: propagator("B3Multi"),
      jaeger: propagator("Jaeger"),
      xray: propagator("Xray"),
      sentry: propagator("Sentry"),
    }),
  ),
  composite_list: text,
});

export const configuration: MapKind = map(
  "OpenTelemetryConfiguration",
  {
    file_format: requiredText,
    disabled: flag,
    log_level: severity,
    resource,
    attribute_limits: map("AttributeLimits", {
      attribute_value_length_limit: integer(0),
      attribute_count_limit: integer(0),
    }),
    propagator: propagators,
    tracer_provider: tracerProvider,
    meter_provider: meterProvider,
    logger_provider: loggerProvider,
    "instrumentation/development": instrumentation,
    distribution: limited(distribution, yes),
  },
  { required: ["file_format"], others: "dissimilar" },
);
