import assert from "node:assert/strict";
import { negotiate } from "../../../src/metrics/prometheus/negotiation.ts";

const CLASSIC = "text/plain; version=0.0.4; charset=utf-8";
const UTF8 = "text/plain; version=1.0.0; charset=utf-8";
const OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const OPEN_0 = "application/openmetrics-text; version=0.0.1; charset=utf-8";

const PROTOBUF =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/** An `Accept` header, and the content type of the page. */
const accepts: readonly (readonly [string | undefined, string])[] = [
  [undefined, CLASSIC],
  ["", CLASSIC],
  ["*/*", CLASSIC],
  ["text/html,application/xhtml+xml,*/*;q=0.8", CLASSIC],
  ["application/json", CLASSIC],
  ["text/plain", CLASSIC],
  ["text/*", CLASSIC],
  ["text/plain;version=0.0.4", CLASSIC],
  ["text/plain;version=0.0.5", CLASSIC],
  ["application/openmetrics-text", OPEN],
  ["application/*", OPEN],
  ["Application/OpenMetrics-Text; Version=1.0.0", OPEN],
  ['application/openmetrics-text; version="1.0.0"', OPEN],
  ["application/openmetrics-text; version=0.0.1", OPEN_0],
  // OpenMetrics 2.0.
  ["application/openmetrics-text; version=2.0.0", CLASSIC],
  [
    "application/openmetrics-text;version=2.0.0,application/openmetrics-text;version=1.0.0;q=0.9",
    OPEN,
  ],
  // Weights.
  ["application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.6", CLASSIC],
  ["application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5", OPEN],
  ["text/plain;version=0.0.4;q=0.6 , application/openmetrics-text ; q = 0.7", OPEN],
  ["text/plain,application/openmetrics-text", OPEN],
  ["application/openmetrics-text;q=0.2,*/*;q=0.9", CLASSIC],
  ["application/openmetrics-text;q=0.9,*/*;q=0.2", OPEN],
  ["application/openmetrics-text;q=0.9,text/*", CLASSIC],
  ["application/openmetrics-text;q=0", CLASSIC],
  ["application/openmetrics-text;q=0.000,*/*", CLASSIC],
  ["application/openmetrics-text;version=1.0.0;q=0,application/openmetrics-text;q=1", CLASSIC],
  ["application/openmetrics-text;q=x", CLASSIC],
  ["application/openmetrics-text;q=", CLASSIC],
  ["application/openmetrics-text;q=-1", CLASSIC],
  ["application/openmetrics-text;q=7,text/plain;q=1", OPEN],
  ["application/openmetrics-text;q=0.001,text/plain;q=0", OPEN],
  [",;,=;q", CLASSIC],
  // The header of Prometheus 2.42.
  [
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    OPEN,
  ],
  // The headers of Prometheus 3, with and without native histograms, and for the classic format alone.
  [
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    `${OPEN}; escaping=allow-utf-8`,
  ],
  [
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8;q=0.7,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    `${PROTOBUF}; escaping=allow-utf-8`,
  ],
  // Prometheus 3.16 with native histograms names no escaping for protobuf.
  [
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    PROTOBUF,
  ],
  [
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4",
    `${UTF8}; escaping=allow-utf-8`,
  ],
  // Protobuf in other encodings, and with less weight.
  [
    'Application/Vnd.Google.Protobuf; Encoding="delimited"; Proto=io.prometheus.client.metricfamily',
    PROTOBUF,
  ],
  ["application/vnd.google.protobuf", CLASSIC],
  ["application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", CLASSIC],
  [
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
    CLASSIC,
  ],
  ["application/vnd.google.protobuf;proto=some.Other;encoding=delimited", CLASSIC],
  [
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.2,text/plain;q=0.3",
    CLASSIC,
  ],
  [
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0,*/*",
    CLASSIC,
  ],
  [
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text",
    OPEN,
  ],
  // Schemes of escaping.
  ["application/openmetrics-text;escaping=values", `${OPEN}; escaping=values`],
  ["text/plain;escaping=dots;version=0.0.4", `${CLASSIC}; escaping=dots`],
  ["text/plain;version=1.0.0;escaping=UNDERSCORES", `${UTF8}; escaping=underscores`],
  ["text/plain;version=1.0.0;escaping=morse", `${UTF8}; escaping=underscores`],
  ["text/plain;version=1.0.0", UTF8],
  ["*/*;escaping=allow-utf-8", `${CLASSIC}; escaping=allow-utf-8`],
];

describe("The Prometheus page's content type", () => {
  for (const [accept, expected] of accepts) {
    it(`is ${expected} for ${accept === undefined ? "no Accept" : `"${accept}"`}`, () => {
      const { contentType, format, escaping } = negotiate(accept);
      assert.equal(contentType, expected);
      assert.equal(format, /openmetrics|protobuf/.exec(expected)?.[0] ?? "classic");
      assert.equal(escaping, /escaping=(.*)$/.exec(expected)?.[1] ?? "underscores");
    });
  }
});
