import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Effective } from "../../../src/cli/config/effective.ts";

const cli = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `--json` prints. */
interface Printed {
  readonly values: readonly Effective[];
  readonly problems: readonly string[];
}

const file = `file_format: "1.1"
resource:
  attributes: [{ name: service.name, value: shop }]
tracer_provider:
  processors:
    - batch:
        max_queue_size: 100
        exporter:
          otlp_http:
            headers: [{ name: api-key, value: "\${SHOP_KEY}" }]
  sampler: { parent_based: { local_parent_sampled: { always_off: } } }
logger_provider:
  processors: [{ batch: { exporter: { otlp_http: } } }, { batch: { exporter: { otlp_grpc: } } }]
`;

describe("telltale config", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-config-cli-"));
    writeFileSync(join(folder, "otel.yaml"), file);
    writeFileSync(join(folder, "bad.yaml"), file.replace("  sampler:", "  sampelr:"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Result => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "config", ...args], {
      cwd: folder,
      env: { PATH: process.env["PATH"], ...env },
      encoding: "utf8",
    });
    return { code: status, stdout, stderr };
  };

  it("prints each value with its source, and no secret", () => {
    const { code, stdout, stderr } = run([], {
      OTEL_CONFIG_FILE: "otel.yaml",
      SHOP_KEY: "hunter2hunter2",
      TELLTALE_KEEP_SLOW_MS: "500",
      SENTRY_DSN: "https://hunter2hunter2@o1.ingest.sentry.io/42",
    });
    assert.equal(code, 0, stderr);
    const lines = [
      "  OTEL_RESOURCE_ATTRIBUTES: service.name=shop  (otel.yaml:3: resource.attributes)",
      "  OTEL_BSP_MAX_QUEUE_SIZE: 100  (otel.yaml:7: tracer_provider.processors[0].batch.max_queue_size)",
      "  OTEL_EXPORTER_OTLP_TRACES_HEADERS: ***  (otel.yaml:10: tracer_provider.processors[0].batch.exporter.otlp_http.headers)",
      "  TELLTALE_KEEP_SLOW_MS: 500  (variable)",
      "  SENTRY_DSN: ***  (variable)",
      "  OTEL_BSP_SCHEDULE_DELAY: 5000  (default)",
    ];
    for (const line of lines) assert.ok(stdout.split("\n").includes(line), `${line}\n${stdout}`);
    assert.match(
      stdout,
      /^ {2}sampler: \{"kind":"parent_based".* {2}\(otel\.yaml:11: tracer_provider\.sampler\)$/m,
    );
    assert.match(
      stdout,
      /^Further exporter 1: logs\n {2}OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: grpc {2}\(otel\.yaml:13: /m,
    );
    assert.doesNotMatch(stdout + stderr, /hunter2/);
  });

  it("prints JSON, and reports what is invalid with exit code 1", () => {
    const { code, stdout, stderr } = run(["--json", "--changed", "--file", "bad.yaml"], {
      SENTRY_SAMPLE_RATE: "7",
      TELLTALE_EAGER: "true",
    });
    assert.equal(code, 1);
    const problem =
      "bad.yaml:11: tracer_provider.sampelr: the key is not known, did you mean sampler?";
    assert.match(stderr, /^telltale: bad\.yaml:11: /);
    const { values, problems } = JSON.parse(stdout) as Printed;
    assert.equal(problems[0], problem);
    assert.match(problems[1] ?? "", /^SENTRY_SAMPLE_RATE: received "7"/);
    const valueOf = (name: string): Effective | undefined =>
      values.find((value) => value.name === name);
    assert.equal(valueOf("TELLTALE_EAGER")?.source, "variable");
    assert.equal(valueOf("OTEL_TRACES_EXPORTER")?.place, "bad.yaml:4: tracer_provider");
    assert.equal(valueOf("SENTRY_SAMPLE_RATE"), undefined);
  });

  it("marks the default that replaces an invalid value", () => {
    const { stdout } = run([], { SENTRY_SAMPLE_RATE: "7" });
    assert.match(stdout, /^ {2}SENTRY_SAMPLE_RATE: 1 {2}\(default, as the value is invalid\)$/m);
  });

  it("turns variables into a file, which it reads without a problem", () => {
    const env = { OTEL_SERVICE_NAME: "shop", OTEL_EXPORTER_OTLP_HEADERS: "api-key=hunter2hunter2" };
    const { code, stdout } = run(["--to-yaml"], env);
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /hunter2/);
    writeFileSync(join(folder, "written.yaml"), stdout);
    const { OTEL_EXPORTER_OTLP_HEADERS } = env;
    const again = run(["--changed", "--file", "written.yaml"], { OTEL_EXPORTER_OTLP_HEADERS });
    assert.equal(again.stderr, "");
    assert.match(again.stdout, /service\.name=shop {2}\(written\.yaml:\d+: resource\.attributes\)/);
  });

  const wrong: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [["--yaml"], /option --yaml is not known, did you mean --to-yaml\?/],
    [["--to-yaml", "--json"], /--to-yaml and --json exclude each other/],
    [
      ["--to-yaml", "--file", "otel.yaml"],
      /OTEL_CONFIG_FILE is set, so that there is a file already/,
    ],
    [["otel.yaml"], /unexpected argument/],
  ];
  for (const [args, message] of wrong) {
    it(`reports wrong use: ${args.join(" ")}`, () => {
      const { code, stderr } = run(args);
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }

  it("describes its options", () => {
    const { code, stdout } = run(["--help"]);
    assert.equal(code, 0);
    for (const option of ["--file", "--changed", "--to-yaml", "--json"])
      assert.ok(stdout.includes(option));
  });
});
