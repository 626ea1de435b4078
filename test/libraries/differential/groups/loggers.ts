import { fileURLToPath } from "node:url";
import type { LibraryRow } from "../../row.ts";
import { caches, loggers, rows } from "../../loggers/rows.ts";
import { runLogger } from "../../loggers/run.ts";
import { programOrSkip } from "../../../programs.ts";
import { startRedis } from "../../servers/redis.ts";
import type { Environment, RunGroup } from "../run-group.ts";
import type { Telemetry } from "../telemetry.ts";
import { oncePerVersion, titleOf } from "./once.ts";

const telltale = fileURLToPath(new URL("../../../../dist/index.js", import.meta.url));

const loggerGroup: RunGroup = {
  title: "loggers",
  runs: oncePerVersion(loggers).map((row) => ({
    title: titleOf(row),
    rows: [row],
    isSelected: ["pino", "bunyan"].includes(row.installed),
    run: (env) => runApp(row.program, row, env),
  })),
};

const cacheGroup: RunGroup = {
  title: "caches",
  async startServer(test) {
    programOrSkip(test, "redis-server");
    const { url, stop } = await startRedis();
    return { addresses: { redis: url }, stop };
  },
  runs: oncePerVersion(caches).map((row) => ({
    title: titleOf(row),
    // Each app also uses the other cache.
    rows: [row, ...rows.filter(({ library }) => library === "lru-cache")],
    isSelected: false,
    run: (env, { redis = "" }) =>
      runApp("caches", row, { ...env, TELLTALE: telltale, REDIS_URL: redis }),
  })),
};

export const loggerGroups: readonly RunGroup[] = [loggerGroup, cacheGroup];

async function runApp(app: string, row: LibraryRow, env: Environment): Promise<Telemetry> {
  const { installed, moduleSystem, node } = row;
  const file = `${app}.${moduleSystem === "esm" ? "mjs" : "cjs"}`;
  const run = await runLogger(file, { node, args: [installed], env });
  return { received: run, processes: [run] };
}
