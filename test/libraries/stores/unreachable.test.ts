import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { preload, Program } from "../../integration/program.ts";
import { pollUntilTrue } from "../../until.ts";

const packages = [
  ...["ioredis2", "ioredis4", "ioredis5", "ioredis"],
  ...["redis2", "redis3", "redis4", "redis47", "redis5", "redis"],
];

/** Selects the metrics of a package, by name and version of what is instrumented. */
function scopeOf(name: string): string {
  const folder = join(import.meta.dirname, "node_modules");
  const clients = ["@redis/client", "@node-redis/client"].flatMap((client) => [
    join(folder, name, "node_modules", client),
    join(folder, client),
  ]);
  const { version, dependencies = {} } = packageIn(join(folder, name));
  // From version 4 on, `redis` is made of several packages.
  const client = clients.find(
    (path) => existsSync(path) && Object.keys(dependencies).some((one) => path.endsWith(one)),
  );
  const instrumented = client === undefined ? version : packageIn(client).version;
  return `otel_scope_name="${name.replace(/\d+$/, "")}",otel_scope_version="${instrumented}"`;
}

interface Package {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function packageIn(folder: string): Package {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Package;
}

describe("A client of Redis that can't connect, with commands that wait", () => {
  let program: Program;
  let port: number;

  before(async () => {
    port = await freePort();
    program = new Program({
      file: join(import.meta.dirname, "apps", "unreachable.cjs"),
      args: packages,
      flags: preload.require,
      env: {
        OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
        OTEL_METRICS_EXPORTER: "prometheus",
        OTEL_TRACES_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
      },
    });
    await program.waitForStdout((output) => output.includes("open") || undefined);
  });

  after(async () => {
    program.kill("SIGKILL");
    await program.ended;
  });

  for (const name of packages) {
    it(`is in the metrics with each attempt: ${name}`, async () => {
      const scope = scopeOf(name);
      let text = "";
      await pollUntilTrue(
        async () => {
          text = await (await adminPage(port, "/metrics")).text();
          const lines = text.split("\n").filter((line) => line.includes(scope));
          const line = lines.find((one) => COUNT.test(one));
          return Number(line?.split(" ").at(-1)) >= 2;
        },
        () => `${scope}, in\n${text}`,
      );
    });
  }
});

const COUNT =
  /^db_client_operation_duration_seconds_count\{(?!.*operation_name).*error_type="ECONNREFUSED",server_address="127\.0\.0\.1",server_port="1"/;
