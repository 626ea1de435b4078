import type { Context } from "mocha";
import { Brokers } from "../queues/brokers.ts";
import { runConversation } from "../queues/conversation.ts";
import { type BrokerName, queueRows } from "../queues/rows.ts";
import { rows as frameworkRows } from "../frameworks/rows.ts";
import { runFramework } from "../frameworks/run.ts";
import { loggers } from "../loggers/rows.ts";
import { runLogger } from "../loggers/run.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRedis } from "../servers/redis.ts";
import { runStore } from "../stores/play.ts";
import { rows as storeRows, type StoreServerName } from "../stores/rows.ts";
import type { Telemetry } from "./telemetry.ts";

export type Environment = Readonly<Record<string, string>>;

/** A run of a library's app, which is repeated on both pipelines. */
export interface LibraryRun {
  readonly title: string;
  /** Whether it belongs to the selection of each test run; all of them run with `TEST_DIFFERENTIAL=all`. */
  readonly isSelected: boolean;
  run(env: Environment): Promise<Telemetry>;
}

/** Runs that share a server. */
export interface RunGroup {
  readonly title: string;
  /** Starts the server, and returns the runs and what stops it. */
  start(test: Context): Promise<{ readonly runs: readonly LibraryRun[]; stop(): Promise<void> }>;
  readonly isSelected: boolean;
}

/** The Node of all runs: what the pipelines record doesn't depend on its version. */
const NODE = "26";

const noStop = async (): Promise<void> => {};

const frameworks: RunGroup = {
  title: "frameworks",
  isSelected: true,
  start: async () => ({
    stop: noStop,
    runs: frameworkRows
      .filter(({ node }) => node === NODE)
      .map((row) => ({
        title: `${row.installed}, ${row.moduleSystem}`,
        isSelected: row.installed === "fastify" && row.moduleSystem === "cjs",
        run: async (env) => (await runFramework(row, env)).received,
      })),
  }),
};

const logging: RunGroup = {
  title: "loggers",
  isSelected: true,
  start: async () => ({
    stop: noStop,
    runs: loggers
      .filter(({ node }) => node === NODE)
      .map(({ installed, moduleSystem, program }) => ({
        title: `${installed}, ${moduleSystem}`,
        isSelected: ["pino", "bunyan"].includes(installed),
        run: (env) =>
          runLogger(`${program}.${moduleSystem === "esm" ? "mjs" : "cjs"}`, {
            node: NODE,
            args: [installed],
            env,
          }),
      })),
  }),
};

type StartServer = () => Promise<{ readonly url: string; stop(): Promise<void> }>;

const storeServers: Partial<Record<StoreServerName, StartServer>> = {
  none: () => Promise.resolve({ url: "none://", stop: noStop }),
  redis: startRedis,
  postgres: startPostgres,
  mariadb: startMariaDb,
};

function stores(server: StoreServerName, startServer: StartServer): RunGroup {
  const rows = storeRows.filter((row) => row.server === server && row.node === NODE);
  const [first] = rows;
  return {
    title: `stores (${server})`,
    isSelected: server === "none" || server === "redis",
    async start() {
      const { url, stop } = await startServer();
      const runs = rows
        .filter(({ program }) => program !== "prisma")
        .map((row): LibraryRun => ({
          title: `${row.installed}, ${row.moduleSystem}`,
          isSelected: row === first,
          async run(env) {
            const { allTelemetry } = await runStore(row, url, env);
            const [spans, metrics, events] = JSON.parse(allTelemetry) as [
              Telemetry["spans"],
              Telemetry["metrics"],
              Telemetry["events"],
            ];
            return { spans, metrics, events, logs: [] };
          },
        }));
      return { runs, stop };
    },
  };
}

function queues(name: BrokerName): RunGroup {
  return {
    title: `queues (${name})`,
    isSelected: false,
    async start(test) {
      const brokers = new Brokers();
      await brokers.start(test, name);
      const runs = queueRows
        .filter(({ broker, node }) => broker === name && node === NODE)
        .map((row): LibraryRun => ({
          title: `${row.installed} (${row.program}), ${row.moduleSystem}`,
          isSelected: false,
          async run(env) {
            const queue = `differential-${row.program}-${row.installed.replaceAll(/\W/g, "")}-${row.moduleSystem}-${env["TELLTALE_PIPELINE"] ?? ""}`;
            const { receiver } = await runConversation(row, queue, brokers.urls, true, env);
            await receiver.close();
            return receiver;
          },
        }));
      return { runs, stop: () => brokers.stop() };
    },
  };
}

export const runGroups: readonly RunGroup[] = [
  frameworks,
  logging,
  ...Object.entries(storeServers).map(([name, start]) => stores(name as StoreServerName, start)),
  ...[...new Set(queueRows.map(({ broker }) => broker))].map(queues),
];
