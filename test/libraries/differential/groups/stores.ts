import { runStore } from "../../stores/play.ts";
import { generatePrismaClient } from "../../stores/prisma.ts";
import { rows, type StoreRow, type StoreServerName } from "../../stores/rows.ts";
import { storeServers } from "../../stores/servers.ts";
import type { LibraryRun, RunGroup } from "../run-group.ts";
import { oncePerVersion, titleOf } from "./once.ts";

/** Rows that have run against their server. */
const prepared = new Set<StoreRow>();

const SELECTED = ["node:sqlite", "ioredis"];

export const storeGroups: readonly RunGroup[] = [...new Set(rows.map(({ server }) => server))].map(
  (name) => ({
    title: `databases (${name})`,
    async startServer(test) {
      const { url, stop } = await storeServers[name](test);
      return { addresses: { url }, stop };
    },
    runs: runsOn(name),
  }),
);

function runsOn(name: StoreServerName): LibraryRun[] {
  const mine = oncePerVersion(rows, ({ program }) => program).filter(
    ({ server }) => server === name,
  );
  return mine.map((row) => ({
    title: `${titleOf(row)} (${row.program})`,
    rows: [row],
    isSelected: row.program !== "redis-cluster" && SELECTED.includes(row.installed),
    async run(env, { url = "" }) {
      const client = row.program === "prisma" ? await generatePrismaClient() : undefined;
      const ownEnv = { ...env, ...(client !== undefined && { PRISMA_CLIENT: client }) };
      // What it creates in the database is there in each later run.
      if (row.prepares === true && !prepared.has(row)) await runStore(row, url, ownEnv);
      prepared.add(row);
      const { received, process } = await runStore(row, url, ownEnv);
      return { received, processes: [process] };
    },
  }));
}
