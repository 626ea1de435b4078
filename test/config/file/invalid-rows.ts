/** An invalid file, and the lines of its report without `otel.yaml:`. */
export interface InvalidRow {
  readonly title: string;
  readonly text: string;
  readonly lines: readonly string[];
}

const head = 'file_format: "1.1"\n';
const otlp = "{ batch: { exporter: { otlp_http: } } }";

/** Each kind of what can be wrong, at each kind of key. */
export const invalidRows: readonly InvalidRow[] = [
  {
    title: "no version",
    text: "disabled: false\n",
    lines: ["1: file_format: is missing and required"],
  },
  {
    title: "a version that is no text",
    text: "file_format: 1.1\n",
    lines: ["1: file_format: received 1.1, expected a text"],
  },
  {
    title: "a newer minor version",
    text: 'file_format: "1.7"\n',
    lines: ["1: file_format: version 1.7 is newer than 1.1, so that some keys may not be known"],
  },
  {
    title: "a misspelt key at the top",
    text: `${head}tracer_providr:\n  processors: [${otlp}]\n`,
    lines: ["2: tracer_providr: the key is not known, did you mean tracer_provider?"],
  },
  {
    title: "a misspelt key in the middle",
    text: `${head}tracer_provider:\n  procesors:\n    - ${otlp}\n`,
    lines: [
      "3: tracer_provider.procesors: the key is not known, did you mean processors?",
      "2: tracer_provider.processors: is missing and required",
    ],
  },
  {
    title: "a misspelt exporter",
    text: `${head}tracer_provider:\n  processors:\n    - batch:\n        exporter:\n          otlp_htp:\n`,
    lines: [
      "6: tracer_provider.processors[0].batch.exporter.otlp_htp: the key is not known, did you mean otlp_http?",
    ],
  },
  {
    title: "an unknown exporter",
    text: `${head}tracer_provider:\n  processors:\n    - batch:\n        exporter:\n          zipkin:\n`,
    lines: [
      "6: tracer_provider.processors[0].batch.exporter.zipkin: the key is not known, expected one of otlp_http, otlp_grpc, otlp_file/development, console",
    ],
  },
  {
    title: "a misspelt sampler in a sampler",
    text: `${head}tracer_provider:\n  processors: [${otlp}]\n  sampler:\n    parent_based:\n      root:\n        trace_id_ratio:\n          ratio: 0.1\n`,
    lines: [
      "7: tracer_provider.sampler.parent_based.root.trace_id_ratio: the key is not known, did you mean trace_id_ratio_based?",
    ],
  },
  {
    title: "a ratio above 1",
    text: `${head}tracer_provider:\n  processors: [${otlp}]\n  sampler:\n    trace_id_ratio_based:\n      ratio: 10\n`,
    lines: [
      "6: tracer_provider.sampler.trace_id_ratio_based.ratio: received 10, expected a number from 0 to 1",
    ],
  },
  {
    title: "a number in quotes",
    text: `${head}attribute_limits:\n  attribute_count_limit: "128"\n`,
    lines: [
      '3: attribute_limits.attribute_count_limit: received "128", expected an integer of at least 0',
    ],
  },
  {
    title: "a text without quotes that is a number",
    text: `${head}propagator:\n  composite_list: 3\n`,
    lines: ["3: propagator.composite_list: received 3, expected a text"],
  },
  {
    title: "a flag in words",
    text: `${head}disabled: "no"\n`,
    lines: ['2: disabled: received "no", expected true or false'],
  },
  {
    title: "an unknown word",
    text: `${head}meter_provider:\n  readers: [{ pull: { exporter: { prometheus/development: } } }]\n  exemplar_filter: trace_base\n`,
    lines: [
      '4: meter_provider.exemplar_filter: received "trace_base", expected always_on, always_off, trace_based (did you mean trace_based?)',
    ],
  },
  {
    title: "a map instead of a list",
    text: `${head}tracer_provider:\n  processors:\n    batch:\n`,
    lines: ["3: tracer_provider.processors: received a map, expected a list"],
  },
  {
    title: "a text instead of a map",
    text: `${head}resource: shop\n`,
    lines: ['2: resource: received "shop", expected a map'],
  },
  {
    title: "an empty list",
    text: `${head}propagator:\n  composite: []\n`,
    lines: ["3: propagator.composite: expected at least 1 item"],
  },
  {
    title: "two components in one",
    text: `${head}propagator:\n  composite:\n    - tracecontext:\n      baggage:\n`,
    lines: [
      '4: propagator.composite[0]: received "tracecontext", "baggage", expected exactly one key',
    ],
  },
  {
    title: "the old name of a key",
    text: `${head}meter_provider:\n  readers:\n    - pull:\n        exporter:\n          prometheus/development:\n            without_scope_info: true\n`,
    lines: [
      "7: meter_provider.readers[0].pull.exporter.prometheus/development.without_scope_info: was renamed to scope_info_enabled in version 1.1",
    ],
  },
  {
    title: "a second exporter of the same kind",
    text: `${head}logger_provider:\n  processors:\n    - simple: { exporter: { console: } }\n    - batch:\n        exporter:\n          console:\n`,
    lines: [
      "7: logger_provider.processors[1].batch.exporter.console: has no effect: there is one console exporter for each signal, and another one is used",
    ],
  },
  {
    title: "an attribute of another type",
    text: `${head}resource:\n  attributes:\n    - name: replicas\n      value: two\n      type: int\n`,
    lines: ["5: resource.attributes[0].value: expected a value of the type int"],
  },
  {
    title: "an attribute with a list of several types",
    text: `${head}resource:\n  attributes:\n    - name: zones\n      value: [a, 1]\n`,
    lines: [
      "5: resource.attributes[0].value: received a list, expected a value, or a list of values of one type",
    ],
  },
  {
    title: "an endpoint that is no URL",
    text: `${head}tracer_provider:\n  processors:\n    - batch:\n        exporter:\n          otlp_http:\n            endpoint: "collector port 4318"\n`,
    lines: [
      '7: tracer_provider.processors[0].batch.exporter.otlp_http.endpoint: received "collector port 4318", expected a URL like http://localhost:4318; using http://localhost:4318 (gRPC: http://localhost:4317)',
    ],
  },
  {
    title: "a propagator that is none",
    text: `${head}propagator:\n  composite_list: tracecontext,b33\n`,
    lines: [
      '3: propagator.composite_list: received "b33", expected tracecontext, baggage, b3, b3multi, jaeger, xray, sentry or none (did you mean b3?); using tracecontext',
    ],
  },
  {
    title: "a variable without a name",
    text: `${head}resource:\n  attributes_list: "\${1ST}"\n`,
    lines: ['3: resource.attributes_list: received "${1ST}", expected ${NAME} of a variable'],
  },
  {
    title: "a misspelt instrumentation",
    text: `${head}instrumentation/development:\n  js:\n    expres:\n      enabled: false\n`,
    lines: [
      "4: instrumentation/development.js.expres: the instrumentation is not known, did you mean express?",
    ],
  },
  {
    title: "a misspelt option of an instrumentation",
    text: `${head}instrumentation/development:\n  js:\n    pg:\n      require_parent: true\n`,
    lines: [
      "5: instrumentation/development.js.pg.require_parent: the option is not known, did you mean require_parent_span?",
    ],
  },
  {
    title: "a misspelt setting of telltale",
    text: `${head}distribution:\n  telltale:\n    keep_slow: 500\n`,
    lines: ["4: distribution.telltale.keep_slow: the key is not known, did you mean keep_slow_ms?"],
  },
  {
    title: "a setting of telltale with an unusable value",
    text: `${head}distribution:\n  telltale:\n    keep_slow_ms: soon\n`,
    lines: [
      '4: distribution.telltale.keep_slow_ms: received "soon", expected an integer from 0 to 2147483647; using none',
    ],
  },
  {
    title: "boundaries that do not increase",
    text: `${head}meter_provider:\n  readers: [{ pull: { exporter: { prometheus/development: } } }]\n  views:\n    - selector: { instrument_name: a }\n      stream:\n        aggregation:\n          explicit_bucket_histogram:\n            boundaries: [5, 1]\n`,
    lines: [
      "9: meter_provider.views[0].stream.aggregation.explicit_bucket_histogram.boundaries: expected increasing numbers",
    ],
  },
  {
    title: "one name for several instruments",
    text: `${head}meter_provider:\n  readers: [{ pull: { exporter: { prometheus/development: } } }]\n  views:\n    - selector: { instrument_name: "a*" }\n      stream: { name: b }\n`,
    lines: [
      "6: meter_provider.views[0].stream.name: has no effect: the selector has no instrument_name, or one with wildcards",
    ],
  },
  {
    title: "a key that is there twice",
    text: `${head}disabled: false\ndisabled: false\n`,
    lines: ["3: Map keys must be unique"],
  },
  {
    title: "a secret in a place of another type",
    text: `${head}tracer_provider:\n  processors:\n    - batch:\n        exporter:\n          otlp_http:\n            headers_list: [hunter2]\n`,
    lines: [
      "7: tracer_provider.processors[0].batch.exporter.otlp_http.headers_list: received a list, expected a text",
    ],
  },
  {
    title: "a key with control characters",
    text: `${head}resource:\n  "a\\eb": 1\n`,
    lines: [
      "3: resource.a\\u001bb: the key is not known, expected one of attributes, attributes_list, schema_url, detection/development",
    ],
  },
];
