import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { configuration } from "../../../src/config/file/schema/configuration.ts";
import type { Kind, MapKind } from "../../../src/config/file/value-kinds.ts";
import { loadFile } from "./file-config.ts";

/*
 * The examples and snippets of the published schema; `published/README.md` has their
 * source. Snippets of 1.0 that differ from those of 1.1 in the version only are left out.
 */

const published = join(import.meta.dirname, "published");
const versions = ["v1.0.0", "v1.1.0"] as const;

const headers = /_captured_headers: has no effect: headers are not recorded on spans$/;
const dual = /dual_emit: has no effect: only the stable names are recorded$/;
const stable = /stability_opt_in_list: received .*, expected a name without \/dup/;
const certificate = /_file: received "\/app\/cert\.pem", expected the path of a readable PEM file/;
const noFile = /otlp_file\/development: has no effect: there is no exporter of OTLP to a file/;

/** What of the snippets is reported; all other examples are used as they are. */
const reported: Readonly<Record<string, readonly RegExp[]>> = {
  ExperimentalGeneralInstrumentation_semconv_stability_opt_in: [dual, stable],
  ExperimentalInstrumentation_kitchen_sink: [
    ...[dual, headers, headers, headers, headers, dual, stable],
  ],
  ExperimentalOtlpFileExporter_logs_file: [noFile],
  ExperimentalOtlpFileExporter_logs_stdout: [noFile],
  ExperimentalOtlpFileExporter_traces_file: [noFile],
  ExperimentalOtlpFileExporter_traces_stdout: [noFile],
  ExperimentalOtlpFileMetricExporter_metrics_file: [noFile],
  ExperimentalOtlpFileMetricExporter_metrics_stdout: [noFile],
  IdGenerator_custom: [
    /:11: .*my_custom_id_generator: the key is not known, expected one of random/,
  ],
  OtlpGrpcExporter_logs_kitchen_sink: [certificate, certificate, certificate],
  OtlpGrpcExporter_traces_kitchen_sink: [certificate, certificate, certificate],
  OtlpGrpcMetricExporter_metrics_kitchen_sink: [certificate, certificate, certificate],
  OtlpHttpExporter_logs_kitchen_sink: [certificate, certificate, certificate],
  OtlpHttpExporter_traces_kitchen_sink: [certificate, certificate, certificate],
  OtlpHttpMetricExporter_metrics_kitchen_sink: [certificate, certificate, certificate],
};

describe("The published examples of configuration files", () => {
  const files = versions.flatMap((version) =>
    ["examples", "snippets/exporters", "snippets/others"].flatMap((folder) =>
      globSync(join(version, folder, "*.yaml"), { cwd: published }),
    ),
  );

  it("are all here", () => {
    assert.equal(files.length, 45);
  });

  for (const file of files) {
    it(`load: ${file}`, () => {
      const { config, lines } = loadFile(join(published, file));
      const expected = reported[file.replace(/^.*\/|\.yaml$/g, "")] ?? [];
      assert.equal(lines.length, expected.length, lines.join("\n"));
      for (const [index, pattern] of expected.entries()) assert.match(lines[index] ?? "", pattern);
      assert.equal(config.disabled, false);
    });
  }

  it("have the effect of the comparable variables", () => {
    const { config } = loadFile(join(published, "v1.1.0/examples/otel-sdk-migration-config.yaml"), {
      OTEL_SERVICE_NAME: "shop",
      OTEL_RESOURCE_ATTRIBUTES: "service.version=1.2.3",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "api-key=abc",
      OTEL_BSP_MAX_QUEUE_SIZE: "100",
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "50",
    });
    assert.equal(config.serviceName, "shop");
    assert.equal(config.resourceAttributes["service.version"], "1.2.3");
    assert.equal(config.traces.otlp.url, "http://collector:4318/v1/traces");
    assert.equal(config.logs.otlp.url, "http://collector:4318/v1/logs");
    assert.deepEqual(config.traces.otlp.headers, { "api-key": "abc" });
    assert.equal(config.traces.otlp.compression, "gzip");
    assert.deepEqual(config.metrics.exporters, ["otlp"]);
    assert.equal(config.traces.batch.maxQueueSize, 100);
    assert.equal(config.traces.limits.attributeLength, 50);
  });
});

describe("The schema of configuration files", () => {
  for (const version of versions) {
    it(`has every key of ${version}`, () => {
      const keys = readFileSync(join(published, version, "keys.txt"), "utf8")
        .trim()
        .split("\n");
      const known = new Set(keysOf(configuration));
      assert.ok(keys.length > 200);
      assert.deepEqual(
        keys.filter((key) => !known.has(key)),
        [],
      );
    });
  }

  it("has no key that no version has, except for components of telltale", () => {
    const keys = versions.flatMap((version) =>
      readFileSync(join(published, version, "keys.txt"), "utf8")
        .trim()
        .split("\n"),
    );
    assert.deepEqual(
      [...new Set(keysOf(configuration))].filter((key) => !keys.includes(key)),
      [
        "ExperimentalResourceDetector.os",
        "TextMapPropagator.jaeger",
        "TextMapPropagator.xray",
        "TextMapPropagator.sentry",
        "Distribution.telltale",
      ],
    );
  });
});

/** Returns all keys below a kind, with the names of their maps. */
function keysOf(kind: Kind, seen = new Set<MapKind>()): string[] {
  if (kind.kind === "lazy") return keysOf(kind.of(), seen);
  if (kind.kind === "list") return keysOf(kind.item, seen);
  if (kind.kind !== "map" || seen.has(kind)) return [];
  seen.add(kind);
  return Object.entries(kind.keys).flatMap(([key, { kind: inner }]) => [
    `${kind.name}.${key}`,
    ...keysOf(inner, seen),
  ]);
}
