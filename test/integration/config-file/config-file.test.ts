import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult } from "../program.ts";

const file = `file_format: "1.1"
resource:
  attributes:
    - { name: service.name, value: "\${SHOP_NAME}" }
    - { name: shop.replicas, value: 3, type: int }
propagator:
  composite: [{ tracecontext: }]
tracer_provider:
  processors:
    - batch:
        exporter:
          otlp_http:
            endpoint: \${RECEIVER}/v1/traces
            headers: [{ name: api-key, value: "\${SHOP_KEY}" }]
    - simple:
        exporter:
          otlp_http: { endpoint: "\${SECOND}/v1/traces", encoding: json }
  sampler:
    composite/development:
      rule_based:
        rules:
          - { span_kinds: [client], sampler: { always_off: } }
          - attribute_patterns: { key: url.path, included: ["/health*"] }
            sampler: { always_off: }
          - { sampler: { probability: { ratio: 1 } } }
  tracer_configurator/development:
    tracers: [{ name: "noisy.*", config: { enabled: false } }]
meter_provider:
  readers:
    - periodic:
        exporter:
          otlp_http: { endpoint: "\${RECEIVER}/v1/metrics", temporality_preference: delta }
    - periodic:
        exporter:
          otlp_http: { endpoint: "\${SECOND}/v1/metrics" }
  views:
    - selector: { instrument_name: shop.* }
      stream:
        aggregation: { explicit_bucket_histogram: { boundaries: [2, 4] } }
        attribute_keys: { excluded: [user.*] }
    - selector: { instrument_name: shop.basket }
      stream: { name: shop.parts, aggregation: { sum: }, attribute_keys: { included: [user.id] } }
    - selector: { instrument_name: shop.basket }
      stream:
        name: shop.scaled
        aggregation: { base2_exponential_bucket_histogram: { max_size: 4, record_min_max: false } }
logger_provider:
  processors:
    - simple:
        exporter:
          otlp_htp:
    - simple:
        exporter:
          otlp_http: { endpoint: "\${RECEIVER}/v1/logs" }
    - batch:
        exporter:
          otlp_http: { endpoint: "\${SECOND}/v1/logs" }
  logger_configurator/development:
    default_config: { minimum_severity: warn }
distribution:
  telltale:
    flush_timeout: 60000
`;

describe("An app with a configuration file", () => {
  let receiver: Receiver;
  let second: Receiver;
  let result: ProgramResult;

  before(async () => {
    [receiver, second] = await Promise.all([startReceiver(), startReceiver()]);
    const folder = mkdtempSync(join(tmpdir(), "telltale-config-file-"));
    writeFileSync(join(folder, "otel.yaml"), file);
    const program = new Program({
      file: fileURLToPath(new URL("shop.mjs", import.meta.url)),
      flags: preload.import,
      cwd: folder,
      env: {
        OTEL_CONFIG_FILE: "otel.yaml",
        OTEL_SERVICE_NAME: "ignored",
        RECEIVER: receiver.url,
        SECOND: second.url,
        SHOP_NAME: "corner-shop",
        SHOP_KEY: "hunter2hunter2",
      },
    });
    result = await program.ended;
    await Promise.all([receiver.settled(), second.settled()]);
    rmSync(folder, { recursive: true });
  });
  after(() => Promise.all([receiver.close(), second.close()]));

  it("runs, and reports what is wrong with the file by line and path", () => {
    assert.equal(result.code, 0);
    assert.deepEqual(result.stderr.trim().split("\n"), [
      "telltale: otel.yaml:51: logger_provider.processors[0].simple.exporter.otlp_htp: the key is not known, did you mean otlp_http?",
      "telltale: OTEL_SERVICE_NAME: no effect beside OTEL_CONFIG_FILE, whose file does not refer to it",
    ]);
  });

  it("exports the spans that its sampler and its tracers record", () => {
    assert.deepEqual(receiver.spans.map(({ name }) => name).toSorted(), ["GET", "work"]);
    const [request] = receiver.spans.filter(({ name }) => name === "GET");
    assert.equal(request?.attributes["url.path"], "/orders");
    for (const { kind, traceState, resource } of receiver.spans) {
      assert.notEqual(kind, "CLIENT");
      assert.match(traceState, /ot=th:0/);
      assert.equal(resource.attributes["service.name"], "corner-shop");
      assert.equal(resource.attributes["shop.replicas"], 3);
      assert.equal(resource.attributes["process.pid"], undefined);
    }
    const [exported] = receiver.requests.filter(({ path }) => path === "/v1/traces");
    assert.equal(exported?.headers["api-key"], "hunter2hunter2");
  });

  it("exports the metrics as its views have them", () => {
    const metric = receiver.metrics.find(({ name }) => name === "shop.basket");
    assert.ok(metric);
    const text = JSON.stringify(metric);
    assert.match(text, /"shop\.id"/);
    assert.doesNotMatch(text, /"user\.id"/);
    assert.match(text, /\[2,4\]/);
    const parts = second.metrics.find(({ name }) => name === "shop.parts");
    assert.match(JSON.stringify(parts), /"user\.id"/);
    const { type } = second.metrics.find(({ name }) => name === "shop.scaled") ?? assert.fail();
    assert.equal(type, "exponentialHistogram");
  });

  it("exports to each of several exporters", () => {
    assert.deepEqual(second.spans.map(({ name }) => name).toSorted(), ["GET", "work"]);
    assert.deepEqual(
      second.logs.map(({ body }) => body),
      ["warning"],
    );
    const metric = second.metrics.find(({ name }) => name === "shop.basket");
    assert.equal(metric?.temporality, "cumulative");
    const [request] = second.requests.filter(({ path }) => path === "/v1/traces");
    assert.equal(request?.headers["api-key"], undefined);
    assert.equal(request?.headers["content-type"], "application/json");
  });

  it("exports the log records that its loggers accept", () => {
    assert.deepEqual(
      receiver.logs.map(({ body }) => body),
      ["warning"],
    );
  });
});
