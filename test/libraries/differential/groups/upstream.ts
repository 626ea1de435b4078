import { startReceiver } from "../../../../src/testing/receiver.ts";
import { rows, type UpstreamLibraryRow } from "../../loader/rows.ts";
import { runScenario } from "../../loader/run.ts";
import { startMariaDb } from "../../servers/mariadb.ts";
import { startMemcached } from "../../servers/memcached.ts";
import type { GroupServer, RunGroup } from "../run-group.ts";
import { oncePerVersion, titleOf } from "./once.ts";

type ServerName = UpstreamLibraryRow["server"];

const servers = new Map<ServerName, () => Promise<GroupServer>>([
  [
    "mariadb",
    async () => {
      const { url, stop } = await startMariaDb();
      return { addresses: { url }, stop };
    },
  ],
  [
    "memcached",
    async () => {
      const { address, stop } = await startMemcached();
      return { addresses: { url: address }, stop };
    },
  ],
]);

export const upstreamGroups: readonly RunGroup[] = [undefined, ...servers.keys()].map((name) => {
  const startServer = servers.get(name);
  return {
    title: `upstream's instrumentations (${name ?? "no server"})`,
    ...(startServer !== undefined && { startServer }),
    runs: oncePerVersion(rows)
      .filter(({ server }) => server === name)
      .map((row) => ({
        title: titleOf(row),
        rows: [row],
        isSelected: ["@aws-sdk/client-sqs", "openai"].includes(row.installed),
        async run(env, { url }) {
          const receiver = await startReceiver();
          try {
            const args = [...(url === undefined ? [] : [url]), ...(row.args ?? [])];
            const ended = await runScenario(row, args, receiver, env);
            return { received: receiver, processes: [ended] };
          } finally {
            await receiver.close();
          }
        },
      })),
  };
});
