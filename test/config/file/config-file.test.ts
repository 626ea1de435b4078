import assert from "node:assert/strict";
import { invalidRows } from "./invalid-rows.ts";
import { loadFile, loadText } from "./file-config.ts";

const head = 'file_format: "1.1"\n';

describe("An invalid configuration file", () => {
  for (const { title, text, lines } of invalidRows) {
    it(`is reported by line and path: ${title}`, () => {
      assert.deepEqual(
        loadText(text).lines.map((line) => line.replace(/^otel\.yaml:/, "")),
        lines,
      );
    });
  }

  it("is used apart from what is invalid", () => {
    const { config, lines } = loadText(
      `${head}resource: { attributes: [{ name: service.name, value: shop }], attribute: 1 }\ntracer_provider:\n  processors:\n    - batch: { max_queue_size: many, schedule_delay: 10, exporter: { otlp_http: { endpoint: "http://a:1/t" } } }\n`,
    );
    assert.equal(lines.length, 2);
    assert.equal(config.serviceName, "shop");
    assert.equal(config.traces.batch.delayMs, 10);
    assert.equal(config.traces.batch.maxQueueSize, 2048);
    assert.equal(config.traces.otlp.url, "http://a:1/t");
  });

  const unusable: readonly [title: string, text: string, lines: readonly RegExp[]][] = [
    [
      "another major version",
      'file_format: "2.0"\n',
      [
        /^otel\.yaml:1: file_format: received "2\.0", expected "1\.0" or "1\.1"$/,
        /^OTEL_CONFIG_FILE: .*otel\.yaml", expected a file of version 1\.0 or 1\.1; using the other variables$/,
      ],
    ],
    [
      "no YAML",
      "file_format: [1\n",
      [/^otel\.yaml:\d: Flow sequence/, /expected a file in YAML; using the other variables$/],
    ],
    ["a list", "- 1\n", [/^otel\.yaml:1: expected a map/, /expected a file in YAML/]],
    ["an empty file", "", [/^otel\.yaml:1: expected a map/, /expected a file in YAML/]],
  ];
  for (const [title, text, patterns] of unusable) {
    it(`leaves the variables as they are if nothing of it can be used: ${title}`, () => {
      const { config, lines } = loadText(text, { OTEL_SERVICE_NAME: "shop" });
      assert.equal(lines.length, patterns.length, lines.join("\n"));
      for (const [index, pattern] of patterns.entries()) assert.match(lines[index] ?? "", pattern);
      assert.equal(config.serviceName, "shop");
    });
  }

  it("is reported once if it is missing, and the variables stay", () => {
    const { config, lines } = loadFile("/nowhere/otel.yaml", { OTEL_SERVICE_NAME: "shop" });
    assert.deepEqual(lines, [
      'OTEL_CONFIG_FILE: received "/nowhere/otel.yaml", expected a readable file of at most 1 MB; using the other variables',
    ]);
    assert.equal(config.serviceName, "shop");
  });

  it("does not block the start if it is no regular file", () => {
    assert.equal(loadFile("/dev/zero").lines.length, 1);
    assert.equal(loadFile("/").lines.length, 1);
  });

  it("is limited in its numbers of values and aliases", () => {
    const levels = Array.from(
      { length: 9 },
      (_, at) => `  a${at + 1}: &a${at + 1} [${`*a${at}, `.repeat(9)}]`,
    );
    const { lines } = loadText(`${head}extra:\n  a0: &a0 [1]\n${levels.join("\n")}\n`);
    assert.equal(lines.filter((line) => /more than 1000 aliases/.test(line)).length, 1);
    const many = loadText(`${head}extra: [${"1,".repeat(20_001)}]\n`);
    assert.equal(many.lines.filter((line) => /more than 20000 values/.test(line)).length, 1);
  });
});

describe("Substitution in a configuration file", () => {
  const rows: readonly [value: string, expected: string | undefined][] = [
    ["${A_TEXT}", "value"],
    ["${env:A_TEXT}", "value"],
    ['"${A_TEXT}"', "value"],
    ["a${A_TEXT}b${A_TEXT}", "avaluebvalue"],
    ["${UNSET_A:-fallback}", "fallback"],
    ["${UNSET_A:-}", undefined],
    ["${UNSET_A}", undefined],
    ["${EMPTY_A:-fallback}", "fallback"],
    ["$${A_TEXT}", "${A_TEXT}"],
    ["$$$${A_TEXT}", "$${A_TEXT}"],
    ["$$${A_TEXT}", "$value"],
    ["${REFERENCE}", "${A_TEXT}"],
    ["$A_TEXT", "$A_TEXT"],
    ["a $ b", "a $ b"],
    ['"${A_NUMBER}"', "0.5"],
    ["'${A_FLAG}'", "true"],
    ["${INJECTED}", "x\nfile_format: 0"],
    ["${UNSET_A:-a:-b}", "a:-b"],
  ];
  const variables = {
    A_TEXT: "value",
    A_NUMBER: "0.5",
    A_FLAG: "true",
    EMPTY_A: "",
    REFERENCE: "${A_TEXT}",
    INJECTED: "x\nfile_format: 0",
  };
  for (const [value, expected] of rows) {
    it(`makes ${JSON.stringify(expected)} of ${value}`, () => {
      const { config, lines } = loadText(
        `${head}resource:\n  attributes:\n    - name: key\n      value: ${value}\n`,
        variables,
      );
      assert.deepEqual(lines, []);
      assert.equal(config.resourceAttributes["key"], expected);
    });
  }

  it("makes numbers and booleans of plain values only", () => {
    const text = `${head}disabled: \${A_FLAG:-true}\nattribute_limits:\n  attribute_count_limit: "\${A_COUNT}"\n`;
    const { lines } = loadText(text, { A_FLAG: "false", A_COUNT: "5" });
    assert.deepEqual(lines, [
      'otel.yaml:4: attribute_limits.attribute_count_limit: received the value of "${A_COUNT}", expected an integer of at least 0',
    ]);
    assert.equal(loadText(text, { A_FLAG: "true", A_COUNT: "5" }).config.disabled, true);
  });

  it("does not show the value of a variable", () => {
    const text = `${head}disabled: \${DATABASE_PASSWORD}\n`;
    const { lines } = loadText(text, { DATABASE_PASSWORD: "hunter2hunter2" });
    assert.deepEqual(lines, [
      'otel.yaml:2: disabled: received the value of "${DATABASE_PASSWORD}", expected true or false',
    ]);
  });
});

describe("A configuration file beside variables", () => {
  const file = `${head}resource:\n  attributes:\n    - name: service.name\n      value: \${OTEL_SERVICE_NAME:-shop}\ndistribution:\n  telltale:\n    keep_slow_ms: 500\n    repeated_errors: 7\n    sentry_environment: staging\n`;

  it("replaces those of OpenTelemetry, which one line reports", () => {
    const { config, lines } = loadText(file, {
      OTEL_SERVICE_NAME: "orders",
      OTEL_TRACES_EXPORTER: "console",
      OTEL_BSP_MAX_QUEUE_SIZE: "9",
    });
    assert.equal(config.serviceName, "orders");
    assert.deepEqual(config.traces.exporters, []);
    assert.equal(config.traces.batch.maxQueueSize, 2048);
    assert.deepEqual(lines, [
      "OTEL_TRACES_EXPORTER, OTEL_BSP_MAX_QUEUE_SIZE: no effect beside OTEL_CONFIG_FILE, whose file does not refer to them",
    ]);
  });

  it("leaves those of telltale and Sentry, which have precedence over the file", () => {
    const { config, lines } = loadText(file, {
      TELLTALE_KEEP_SLOW_MS: "100",
      SENTRY_RELEASE: "shop@1",
    });
    assert.deepEqual(lines, []);
    assert.equal(config.traces.keepSlowMs, 100);
    assert.equal(config.errors.repeatedErrors, 7);
    assert.equal(config.errors.environment, "staging");
    assert.equal(config.errors.release, "shop@1");
  });

  it("uses nothing that it does not have", () => {
    const { config } = loadText(head);
    assert.deepEqual(config.traces.exporters, []);
    assert.deepEqual(config.metrics.exporters, []);
    assert.deepEqual(config.logs.exporters, []);
    assert.deepEqual(config.propagators, []);
    assert.deepEqual(config.resourceDetectors, ["env"]);
  });
});
