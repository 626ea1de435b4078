import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { preload, Program } from "../integration/program.ts";
import { Daemon } from "../libraries/servers/daemon.ts";
import { generatedFile } from "../ops/logs/generated.ts";
import { goToolOrSkip, programOrSkip } from "../programs.ts";
import { pollUntil } from "../until.ts";
import { CollectorInstance } from "./support/instance.ts";
import { type Row, VictoriaLogs } from "./support/victoria-logs.ts";

const COLD_BUILD_MS = 30 * 60_000;
const SECRET = "planted-4eC39HqLyjWDarjtT1zdp7dc";

/** Lines of one request. A log file has less than three of them. */
const BURST = 100;
const LEVELS = ["info", "info", "warn", "info", "error", "info", "info", "info", "info", "info"];

/** A way of lines to VictoriaLogs, as it is generated. */
interface Pipeline {
  readonly name: string;
  /** Starts what is between the app and the store. */
  readonly start: (setup: Setup) => Promise<Started>;
  /** Whether lines are rows of a log file, and not records over OTLP. */
  readonly readsFiles: boolean;
}

interface Setup {
  readonly context: Mocha.Context;
  readonly url: string;
  /** The folder of the app's log files. */
  readonly logs: string;
  /** Writes a file, and returns its path. */
  readonly write: (name: string, text: string) => string;
}

interface Started {
  /** Environment variables of the app. */
  readonly env: Readonly<Record<string, string>>;
  readonly stop?: () => Promise<void>;
}

const pipelines: readonly Pipeline[] = [
  { name: "OTLP of the app itself", readsFiles: false, start: otlpOfTheApp },
  { name: "OTLP through the Collector's gateway", readsFiles: false, start: otlpThroughGateway },
  { name: "rsyslog", readsFiles: true, start: filesByRsyslog },
];

for (const { name, start, readsFiles } of pipelines) {
  describe(`Lines by ${name} in VictoriaLogs`, function () {
    let folder: string;
    let store: VictoriaLogs;
    let started: Started;

    before(async function () {
      this.timeout(COLD_BUILD_MS);
      const binary = await goToolOrSkip(this, "victoria-logs");
      folder = mkdtempSync(join(tmpdir(), "telltale-log-pipelines-"));
      store = await VictoriaLogs.start(binary);
      const logs = join(folder, "logs");
      const write = (file: string, text: string): string => {
        writeFileSync(join(folder, file), text);
        return join(folder, file);
      };
      started = await start({ context: this, url: store.url, logs, write });
    });
    after(async () => {
      await Program.killAll();
      await started?.stop?.();
      await store?.stop();
      if (folder !== undefined) rmSync(folder, { recursive: true });
    });

    /** Returns the rows of a service once there are so many. */
    const rowsOf = async (service: string, count: number): Promise<readonly Row[]> => {
      let rows: readonly Row[] = [];
      return pollUntil(
        async () => {
          rows = await store.rows(`${serviceField}:=${service} | limit 100000`);
          return rows.length >= count ? rows : undefined;
        },
        () => `${count} rows of ${service}, of which there are ${rows.length}`,
      );
    };
    /** Requests with lines; those of files pass several rotations. */
    const bursts = readsFiles ? 15 : 5;
    const serviceField = readsFiles ? "service" : '"service.name"';
    const levelOf = (row: Row): string | undefined => row[readsFiles ? "level" : "severity_text"];
    const startApp = async (
      service: string,
    ): Promise<(path: string, traceId?: string) => Promise<void>> =>
      startLines(service, started.env);

    const overRotations = readsFiles ? ", over several rotations" : "";
    it(`arrive once and whole, with level, service and time${overRotations}`, async () => {
      const request = await startApp("shop");
      const startedAt = Date.now();
      // Not faster than they are stored: a reader that looks once a second misses a file that
      // is renamed twice in between.
      for (let burst = 0; burst < bursts; burst++) {
        await request(`lines/${burst * BURST}/${BURST}`, traceIdOf(burst));
        await rowsOf("shop", (burst + 1) * BURST);
      }
      const rows = await rowsOf("shop", bursts * BURST);
      const numbers = rows.map((row) => Number(row["line"])).toSorted((a, b) => a - b);
      assert.deepEqual(numbers, [...Array(bursts * BURST).keys()]);
      for (const row of rows) {
        const line = Number(row["line"]);
        assert.equal(row["text"], "x".repeat(100));
        assert.equal(row["_msg"], "order placed\non two lines");
        assert.equal(levelOf(row), LEVELS[line % 10]);
        assert.equal(row["trace_id"], traceIdOf(Math.floor(line / BURST)));
        const time = Date.parse(row["_time"]!);
        // The clock of the process and that of the system may differ.
        assert.ok(time >= startedAt - 1000 && time <= Date.now() + 1000, row["_time"]!);
      }
      if (readsFiles) assert.ok(readdirSync(join(folder, "logs")).length > 3, "files were rotated");
    });

    it("are found by the id of their trace", async () => {
      const rows = await store.rows(`trace_id:=${traceIdOf(3)}`);
      assert.deepEqual(
        rows.map((row) => Number(row["line"])).toSorted((a, b) => a - b),
        [...Array(BURST).keys()].map((index) => 3 * BURST + index),
      );
    });

    it("have no secret", async () => {
      const rows = await store.rows("* | limit 100000");
      assert.ok(rows.length >= bursts * BURST);
      assert.ok(!JSON.stringify(rows).includes(SECRET));
    });

    it("are in few streams: one for each service and environment", async () => {
      const rows = await store.rows("* | stats count_uniq(_stream) as streams");
      assert.deepEqual(rows, [{ streams: "1" }]);
    });

    it("fire the generated alerts beyond their thresholds, and not at them", async () => {
      const [loud, calm] = [await startApp("loud"), await startApp("calm")];
      for (const path of ["error/11", "failed_login/11", "fatal/1"]) await loud(path);
      for (const path of ["error/10", "failed_login/10"]) await calm(path);
      const rows = [...(await rowsOf("loud", 23)), ...(await rowsOf("calm", 20))];
      const last = Math.max(...rows.map((row) => Date.parse(row["_time"]!)));
      assert.deepEqual(await firing(store, new Date(last + 1000), ["loud", "calm"]), {
        TooManyErrorLines: { loud: 12 },
        FatalLine: { loud: 1 },
        TooManySecurityEvents: { loud: 11 },
        NoLogLines: {},
      });
      const later = await firing(store, new Date(last + 45 * 60_000), ["loud", "calm", "shop"]);
      assert.deepEqual(later["TooManyErrorLines"], {});
      assert.deepEqual(Object.keys(later["NoLogLines"]!), ["calm", "loud", "shop"]);
    });
  });
}

async function otlpOfTheApp({ url }: Setup): Promise<Started> {
  const text = generatedFile("otlp/victorialogs.env", { victoriaLogsUrl: url });
  const pairs = [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  return { env: Object.fromEntries(pairs) as Record<string, string> };
}

async function otlpThroughGateway({ url, write }: Setup): Promise<Started> {
  const overlay = write(
    "victorialogs.yaml",
    generatedFile("collector/victorialogs.yaml", { victoriaLogsUrl: url }),
  );
  const gateway = await CollectorInstance.start(await collectorBinary(), "gateway", {
    args: [`--config=${overlay}`],
  });
  return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: gateway.url }, stop: () => gateway.stop() };
}

async function filesByRsyslog({ context, url, logs, write }: Setup): Promise<Started> {
  const rsyslogd = programOrSkip(context, "rsyslogd");
  programOrSkip(context, "/usr/lib/x86_64-linux-gnu/rsyslog/omelasticsearch.so");
  mkdirSync(logs);
  const options = { victoriaLogsUrl: url, folders: [logs] };
  const file = write("telltale.conf", generatedFile("rsyslog/victorialogs.conf", options));
  const daemon = new Daemon("rsyslog");
  const main = write(
    "rsyslog.conf",
    `global(workDirectory="${daemon.directory}")\ninclude(file="${file}")\n`,
  );
  const pid = join(daemon.directory, "pid");
  await daemon.start({
    name: "rsyslog",
    command: [rsyslogd, "-n", "-f", main, "-i", pid],
    isReady: async () => assert.ok(existsSync(pid), "runs"),
  });
  const env = {
    OTEL_LOGS_EXPORTER: "none",
    TELLTALE_LOG_DIR: logs,
    TELLTALE_LOG_MAX_SIZE: "100KB",
    TELLTALE_LOG_MAX_FILES: "1000",
  };
  return { env, stop: () => daemon.stop() };
}

/**
 * Starts an app that logs lines, as a service of its own.
 *
 * @returns a function that sends a request, within a trace if it has an id
 */
async function startLines(
  service: string,
  env: Readonly<Record<string, string>>,
): Promise<(path: string, traceId?: string) => Promise<void>> {
  const program = new Program({
    file: fileURLToPath(new URL("apps/lines.mjs", import.meta.url)),
    flags: preload.import,
    args: [SECRET],
    env: {
      OTEL_SERVICE_NAME: service,
      SENTRY_ENVIRONMENT: "staging",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_EXPORTER_PROMETHEUS_PORT: "0",
      TELLTALE_SLOW_REQUEST_MS: "0",
      TELLTALE_EVENT_LOOP_STALL_MS: "0",
      // On a busy machine, nothing must be sent twice.
      OTEL_EXPORTER_OTLP_TIMEOUT: "60000",
      ...env,
    },
  });
  const port = await program.waitForStdout((stdout) => /^(\d+)\n/.exec(stdout)?.[1]);
  return async (path, traceId) => {
    const headers =
      traceId === undefined ? {} : { traceparent: `00-${traceId}-${"1".repeat(16)}-01` };
    const response = await fetch(`http://127.0.0.1:${port}/${path}`, { headers });
    assert.equal(response.status, 200);
  };
}

function traceIdOf(burst: number): string {
  return (burst + 1).toString(16).padStart(32, "a");
}

/** Returns the values of the alerts that fire, by alert and service. */
async function firing(
  store: VictoriaLogs,
  time: Date,
  services: readonly string[],
): Promise<Readonly<Record<string, Readonly<Record<string, number>>>>> {
  const { groups } = parse(generatedFile("victorialogs/rules.yaml")) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  const values: Record<string, Record<string, number>> = {};
  for (const { alert, expr } of groups.flatMap(({ rules }) => rules)) {
    const found = [...(await store.evaluate(expr, time))].filter(([name]) =>
      services.includes(name),
    );
    values[alert] = Object.fromEntries(found.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
  return values;
}
