import assert from "node:assert/strict";
import type { OtlpConfig } from "../../src/config/config.ts";
import { parseConfig, type ParsedConfig } from "../../src/config/parse.ts";
import { environmentOf } from "../../src/env.ts";

const BASE = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL";

describe("The URL of a signal over HTTP", () => {
  const rows: readonly [string, Record<string, string>, string][] = [
    ["is the default's", {}, "http://localhost:4318/v1/traces"],
    ["is below the general one", { [BASE]: "http://c:4318" }, "http://c:4318/v1/traces"],
    [
      "is below a general one with a slash",
      { [BASE]: "http://c:4318/" },
      "http://c:4318/v1/traces",
    ],
    ["keeps the path of the general one", { [BASE]: "http://c/in" }, "http://c/in/v1/traces"],
    ["doubles no slash", { [BASE]: "http://c/in//" }, "http://c/in/v1/traces"],
    [
      "keeps the query of the general one",
      { [BASE]: "http://c/in?a=b" },
      "http://c/in/v1/traces?a=b",
    ],
    ["has no port where there was none", { [BASE]: "https://c" }, "https://c/v1/traces"],
    ["may be of IPv6", { [BASE]: "http://[::1]:4318" }, "http://[::1]:4318/v1/traces"],
    ["is its own as it is", { [BASE]: "http://b", [TRACES]: "http://c:4318/x" }, "http://c:4318/x"],
    ["has at least the root's path", { [TRACES]: "http://c:4318" }, "http://c:4318/"],
    ["keeps the slash of its own", { [TRACES]: "https://c/v1/traces/" }, "https://c/v1/traces/"],
    ["has no fragment", { [TRACES]: "https://c/x#y" }, "https://c/x"],
    [
      "may be written in capitals",
      { [BASE]: "HTTP://Collector:4318" },
      "http://collector:4318/v1/traces",
    ],
    [
      "is the general one where its own is no good",
      { [BASE]: "http://b", [TRACES]: "c" },
      "http://b/v1/traces",
    ],
    [
      "is the default where both are no good",
      { [BASE]: "b:1", [TRACES]: "c:2" },
      "http://localhost:4318/v1/traces",
    ],
  ];
  for (const [title, given, url] of rows) {
    it(`${title}: ${url}`, () => {
      assert.equal(traces(given).url, url);
    });
  }

  it("needs a scheme, and a missing one is reported once for all signals", () => {
    const { issues } = parsed({ [BASE]: "collector:4318" });
    assert.deepEqual(issues, [
      {
        kind: "invalid",
        variable: BASE,
        received: '"collector:4318"',
        expected: "a URL like http://localhost:4318",
        suggestion: undefined,
        used: "http://localhost:4318",
      },
    ]);
  });

  it("is reported with the URL used in place of an invalid one", () => {
    const { issues } = parsed({ [BASE]: "http://u:p@b:4318/in", [TRACES]: "collector:4318" });
    assert.deepEqual(
      issues.map((issue) => issue.kind === "invalid" && issue.used),
      ["http://b:4318/***"],
    );
  });
});

describe("The URL of a signal over gRPC", () => {
  const rows: readonly [string, Record<string, string>, string, boolean][] = [
    ["is the default's", {}, "http://localhost:4317", true],
    ["has no path", { [BASE]: "http://c:4317/in" }, "http://c:4317", true],
    ["is safe with https", { [BASE]: "https://c:4317" }, "https://c:4317", false],
    ["is safe without a scheme", { [BASE]: "c:4317" }, "https://c:4317", false],
    [
      "is plain without a scheme if that is asked for",
      { [BASE]: "c:80", OTEL_EXPORTER_OTLP_INSECURE: "true" },
      "http://c:80",
      true,
    ],
    ["keeps a port that is HTTP's own", { [BASE]: "c:80" }, "https://c:80", false],
    [
      "is safe with https whatever is asked for",
      { [BASE]: "https://c:4317", OTEL_EXPORTER_OTLP_INSECURE: "true" },
      "https://c:4317",
      false,
    ],
    [
      "is plain for one signal alone",
      { [BASE]: "c:4317", OTEL_EXPORTER_OTLP_TRACES_INSECURE: "true" },
      "http://c:4317",
      true,
    ],
    [
      "is safe for one signal alone",
      {
        [BASE]: "c:4317",
        OTEL_EXPORTER_OTLP_INSECURE: "true",
        OTEL_EXPORTER_OTLP_TRACES_INSECURE: "false",
      },
      "https://c:4317",
      false,
    ],
    ["is its own", { [BASE]: "http://b:1", [TRACES]: "http://c:2" }, "http://c:2", true],
    ["may be of IPv6", { [BASE]: "[::1]:4317" }, "https://[::1]:4317", false],
  ];
  for (const [title, given, url, insecure] of rows) {
    it(`${title}: ${url}`, () => {
      const { config, issues } = parsed({ [PROTOCOL]: "grpc", ...given });
      const { otlp } = config.traces;
      assert.deepEqual([otlp.protocol, otlp.url, otlp.insecure], ["grpc", url, insecure]);
      assert.deepEqual(issues, []);
    });
  }

  it("may be that of a single signal, with the others over HTTP", () => {
    const { config } = parsed({ OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "grpc" });
    assert.deepEqual(
      [config.logs.otlp.url, config.traces.otlp.url],
      ["http://localhost:4317", "http://localhost:4318/v1/traces"],
    );
  });
});

describe("The protocol", () => {
  const rows: readonly [Record<string, string>, string, string | undefined][] = [
    [{ [PROTOCOL]: "HTTP/JSON" }, "http/json", undefined],
    [{ [PROTOCOL]: "http" }, "http/protobuf", "http/protobuf"],
    [{ [PROTOCOL]: "json" }, "http/protobuf", "http/json"],
    [{ [PROTOCOL]: "grcp" }, "http/protobuf", "grpc"],
    [
      { [PROTOCOL]: "http/json", OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "protobuf" },
      "http/json",
      "http/protobuf",
    ],
  ];
  for (const [given, protocol, meant] of rows) {
    it(`is ${protocol} with ${JSON.stringify(Object.values(given))}`, () => {
      const { config, issues } = parsed(given);
      assert.equal(config.traces.otlp.protocol, protocol);
      assert.deepEqual(
        issues.map((issue) => issue.kind === "invalid" && [issue.suggestion, issue.used]),
        meant === undefined ? [] : [[meant, protocol]],
      );
    });
  }
});

describe("Headers", () => {
  const good: readonly [string, Readonly<Record<string, string>>][] = [
    ["a=b", { a: "b" }],
    ["Api-Key=x, Other = y ", { "api-key": "x", other: "y" }],
    ["authorization=Bearer%20abc%2Cdef", { authorization: "Bearer abc,def" }],
    ["authorization=Basic dXNlcjpwYXNz==", { authorization: "Basic dXNlcjpwYXNz==" }],
    ["a=b;c", { a: "b;c" }],
    ["a=", { a: "" }],
    ["a=%E9".replace("%E9", "%C3%A9"), { a: "é" }],
    [",a=b,,", { a: "b" }],
  ];
  for (const [text, headers] of good) {
    it(`${JSON.stringify(text)} is ${JSON.stringify(headers)}`, () => {
      const { config, issues } = parsed({ OTEL_EXPORTER_OTLP_HEADERS: text });
      assert.deepEqual([config.logs.otlp.headers, issues], [headers, []]);
    });
  }

  for (const wrong of [
    "b",
    "=b",
    "b c=d",
    "b=%",
    "b=%0A",
    "b=%00",
    "b=%E2%82%AC",
    "ü=1",
    "b:c=d",
  ]) {
    it(`without the invalid ${JSON.stringify(wrong)} are used, and it is reported without its text`, () => {
      const { config, issues } = parsed({ OTEL_EXPORTER_OTLP_HEADERS: `a=1,${wrong},z=2` });
      assert.deepEqual(config.traces.otlp.headers, { a: "1", z: "2" });
      assert.deepEqual(
        issues.map((issue) => issue.kind === "invalid" && issue.received),
        ["entry 2 (***)"],
      );
    });
  }

  it("of one signal override the general ones, in any case", () => {
    const { config } = parsed({
      OTEL_EXPORTER_OTLP_HEADERS: "Api-Key=general,a=b",
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: "api-key=own",
    });
    assert.deepEqual(config.logs.otlp.headers, { "api-key": "own", a: "b" });
    assert.deepEqual(config.traces.otlp.headers, { "api-key": "general", a: "b" });
  });

  it("contain user and password of the URL, which are removed from it", () => {
    const otlp = traces({ [BASE]: "https://us%40er:p%3Ass@c:4318/in" });
    assert.equal(otlp.url, "https://c:4318/in/v1/traces");
    assert.deepEqual(otlp.headers, {
      authorization: `Basic ${Buffer.from("us@er:p:ss").toString("base64")}`,
    });
  });

  it("override user and password of the URL", () => {
    const otlp = traces({
      [BASE]: "https://user:pass@c",
      OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer x",
    });
    assert.deepEqual(otlp.headers, { authorization: "Bearer x" });
  });

  it("of a URL are sent with the signals of that URL", () => {
    const { config } = parsed({ [BASE]: "http://general", [TRACES]: "http://user:pass@own" });
    assert.equal(config.traces.otlp.headers["authorization"], "Basic dXNlcjpwYXNz");
    assert.deepEqual(config.logs.otlp.headers, {});
  });
});

describe("Client certificates", () => {
  const cert = new URL("./files/cert.pem", import.meta.url).pathname;
  const key = new URL("./files/key.pem", import.meta.url).pathname;
  const rows: readonly [string, Record<string, string>, boolean, readonly string[]][] = [
    ["need both halves, and have them", { CLIENT_CERTIFICATE: cert, CLIENT_KEY: key }, true, []],
    [
      "may have their halves in two places",
      { TRACES_CLIENT_CERTIFICATE: cert, CLIENT_KEY: key },
      true,
      [],
    ],
    ["are of no use without the key", { CLIENT_CERTIFICATE: cert }, false, ["CLIENT_CERTIFICATE"]],
    ["are of no use without the certificate", { CLIENT_KEY: key }, false, ["CLIENT_KEY"]],
    ["of a signal need both halves too", { TRACES_CLIENT_KEY: key }, false, ["TRACES_CLIENT_KEY"]],
    [
      "with an unreadable half are reported for that alone",
      { CLIENT_CERTIFICATE: cert, CLIENT_KEY: "/nowhere" },
      false,
      ["CLIENT_KEY"],
    ],
  ];
  for (const [title, given, used, reported] of rows) {
    it(title, () => {
      const prefix = "OTEL_EXPORTER_OTLP_";
      const named: Record<string, string> = {};
      for (const [name, path] of Object.entries(given)) named[prefix + name] = path;
      const { config, issues } = parsed(named);
      const { tls } = config.traces.otlp;
      assert.deepEqual([tls.cert !== undefined, tls.key !== undefined], [used, used]);
      assert.deepEqual(
        issues.map((issue) => issue.variable),
        reported.map((name) => prefix + name),
      );
    });
  }
});

function traces(given: Readonly<Record<string, string>>): OtlpConfig {
  return parsed(given).config.traces.otlp;
}

function parsed(given: Readonly<Record<string, string>>): ParsedConfig {
  return parseConfig(environmentOf(given));
}
