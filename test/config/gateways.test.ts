import assert from "node:assert/strict";
import type { Config } from "../../src/config/config.ts";
import { parseConfig, type ParsedConfig } from "../../src/config/parse.ts";
import { environmentOf } from "../../src/env.ts";

const LIST = "TELLTALE_OTLP_ENDPOINTS";
const EXPECTED_URL = "a URL like http://localhost:4318";

interface Row {
  readonly title: string;
  readonly given: Readonly<Record<string, string>>;
  readonly urls: readonly string[] | undefined;
  readonly report?: readonly { received: string; expected: string; used: string }[];
}

const rows: readonly Row[] = [
  { title: "there are none without the variable", given: {}, urls: undefined },
  {
    title: "one alone is the collector",
    given: { [LIST]: "http://a:4318" },
    urls: undefined,
  },
  {
    title: "blanks and empty places don't matter",
    given: { [LIST]: " http://a:4318 ,, http://b:4318, " },
    urls: ["http://a:4318/v1/traces", "http://b:4318/v1/traces"],
  },
  {
    title: "gRPC takes hosts with ports",
    given: {
      [LIST]: "a:4317,b:4317",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_INSECURE: "true",
    },
    urls: ["http://a:4317", "http://b:4317"],
  },
  {
    title: "a signal's own endpoint overrides them",
    given: { [LIST]: "http://a,http://b", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c/x" },
    urls: undefined,
  },
  {
    title: "what is no address is left out",
    given: { [LIST]: "http://a:4318,ftp://user:secret@b,http://c:4318" },
    urls: ["http://a:4318/v1/traces", "http://c:4318/v1/traces"],
    report: [{ received: '"ftp://***@b"', expected: EXPECTED_URL, used: "the other endpoints" }],
  },
  {
    title: "the same twice is there once",
    given: { [LIST]: "http://a:4318,http://b:4318,http://a:4318/" },
    urls: ["http://a:4318/v1/traces", "http://b:4318/v1/traces"],
    report: [
      { received: '"http://a:4318"', expected: "each address once", used: "the other endpoints" },
    ],
  },
  {
    title: "HTTP needs schemes",
    given: { [LIST]: "a:4318,http://b:4318,http://c:4318" },
    urls: ["http://b:4318/v1/traces", "http://c:4318/v1/traces"],
    report: [{ received: '"a:4318"', expected: EXPECTED_URL, used: "the other endpoints" }],
  },
  {
    title: "nothing of use is nothing",
    given: { [LIST]: "ftp://a,::" },
    urls: undefined,
    report: [
      {
        received: '"ftp://a", "::"',
        expected: "URLs like http://gateway-0:4318,http://gateway-1:4318",
        used: "OTEL_EXPORTER_OTLP_ENDPOINT",
      },
    ],
  },
];

describe("Several gateways", () => {
  for (const { title, given, urls, report = [] } of rows) {
    it(title, () => {
      const { config, issues } = parse(given);
      assert.deepEqual(urlsOf(config.traces.otlp), urls);
      assert.deepEqual(
        issues.map((issue) => {
          assert.ok(issue.kind === "invalid");
          const { variable, received, expected, used } = issue;
          assert.equal(variable, LIST);
          return { received, expected, used };
        }),
        report,
      );
    });
  }

  it("share all other settings of the collector", () => {
    const { config } = parse({
      [LIST]: "http://user:secret@a:4318,http://b:4318",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=1",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: "300",
    });
    const gateways = config.metrics.otlp.gateways ?? [];
    assert.deepEqual(
      gateways.map(({ url, headers, compression, timeoutMs }) => [
        url,
        headers,
        compression,
        timeoutMs,
      ]),
      [
        [
          "http://a:4318/v1/metrics",
          { "api-key": "1", authorization: "Basic dXNlcjpzZWNyZXQ=" },
          "gzip",
          300,
        ],
        ["http://b:4318/v1/metrics", { "api-key": "1" }, "gzip", 300],
      ],
    );
  });
});

function urlsOf(otlp: Config["traces"]["otlp"]): readonly string[] | undefined {
  return otlp.gateways?.map(({ url }) => url);
}

function parse(given: Readonly<Record<string, string>>): ParsedConfig {
  return parseConfig(environmentOf(given));
}
