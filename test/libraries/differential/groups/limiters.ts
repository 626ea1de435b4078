import { startReceiver } from "../../../../src/testing/receiver.ts";
import { batchesOf, libraries, rows } from "../../limiters/rows.ts";
import { optionsOf, runPreloaded, withoutTimeLeft } from "../../limiters/run.ts";
import { programOrSkip } from "../../../programs.ts";
import { startRedis } from "../../servers/redis.ts";
import type { RunGroup } from "../run-group.ts";

const variant = { moduleSystem: "esm", node: "26" } as const;

export const limiterGroup: RunGroup = {
  title: "rate limiters",
  async startServer(test) {
    programOrSkip(test, "redis-server");
    const { url, stop } = await startRedis();
    return { addresses: { redis: url }, stop };
  },
  runs: libraries.flatMap(batchesOf).map((batch) => ({
    title: batch.installed.join(", "),
    rows: rows.filter(
      ({ installed, moduleSystem, node }) =>
        batch.installed.includes(installed) &&
        moduleSystem === variant.moduleSystem &&
        node === variant.node,
    ),
    isSelected: batch.installed.includes("express-rate-limit"),
    async run(env, { redis = "" }) {
      const receiver = await startReceiver();
      try {
        const ended = await runPreloaded(optionsOf(batch, variant, redis), receiver, env);
        const stdout = withoutTimeLeft(ended.stdout);
        return { received: receiver, processes: [{ ...ended, stdout }] };
      } finally {
        await receiver.close();
      }
    },
  })),
};
