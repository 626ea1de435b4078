import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../free-port.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { node } from "../../nodes.ts";
import { telemetryEnv } from "../program.ts";
import { type EndCase, endCases } from "./cases.ts";
import { esm, runToEnd } from "./run.ts";

/** Number of ends of each kind; `TEST_ROUNDS` sets another. */
const ROUNDS = Number(process.env["TEST_ROUNDS"] ?? 5);

/**
 * Limits of the shortest delay of all rounds, in milliseconds: the goals of 150 and 1,000
 * on an idle machine, and a tolerance for other processes.
 */
const limits = { healthy: 150 + 600, refusing: 150 + 600, hanging: 1_000 + 600 };

type Peer = keyof typeof limits;

const ends = endCases.filter(({ name }) => ["exit", "signal", "throwInTimer"].includes(name));

describe("The end of a process with unsent telemetry", () => {
  let receiver: Receiver;
  let directory: string;
  const rows: string[] = [];

  before(async () => {
    receiver = await startReceiver();
    directory = await mkdtemp(join(tmpdir(), "telltale-delays-"));
  });
  after(async () => {
    await Promise.all([receiver.close(), rm(directory, { recursive: true, force: true })]);
    console.log(["\n    added to the end (median and maximum of", ROUNDS, "rounds):"].join(" "));
    for (const row of rows) console.log(`    ${row}`);
  });

  for (const end of ends) {
    for (const peer of ["healthy", "refusing", "hanging"] as const) {
      it(`by ${end.title} is hardly delayed if the receiver is ${peer}`, async () => {
        receiver.clear();
        receiver.setFaults(...(peer === "hanging" ? [{ kind: "hang" } as const] : []));
        const bare: number[] = [];
        const preloaded: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          bare.push(await exitTime(end, esm.bare, {}));
          preloaded.push(await exitTime(end, esm.preloaded, await envOf(peer)));
        }
        const added = preloaded.map((ms) => ms - median(bare));
        const [least, middle, most] = [Math.min(...added), median(added), Math.max(...added)];
        rows.push(`${end.title}, ${peer}: ${Math.round(middle)} ms, ${Math.round(most)} ms`);
        assert.ok(least <= limits[peer], `${added.map(Math.round).join(", ")} ms`);
        if (peer !== "healthy") return;
        await receiver.settled();
        assert.equal(receiver.spans.length, ROUNDS * SPANS);
      });
    }
  }

  async function envOf(peer: Peer): Promise<Record<string, string>> {
    const { TELLTALE_FLUSH_TIMEOUT: limit, ...env } = telemetryEnv(receiver);
    // On a busy machine one of the ends may take longer than the default limit.
    if (peer === "healthy") return { ...env, TELLTALE_FLUSH_TIMEOUT: limit! };
    if (peer === "hanging") return env;
    const port = await freePort();
    return {
      ...env,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      SENTRY_DSN: `http://key@127.0.0.1:${port}/1`,
    };
  }

  /** Resolves with the time from the last output, or from the signal after it, to the end. */
  async function exitTime(
    end: EndCase,
    flags: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<number> {
    const options = { node, program: esm.program, flags, env, cwd: directory, argument: "" };
    const { code, signal, exitTookMs } = await runToEnd(end, options);
    assert.deepEqual([code, signal], [end.code, end.endsBy ?? null]);
    return exitTookMs;
  }
});

/** Number of spans of each program. */
const SPANS = 300;

function median(durations: readonly number[]): number {
  return durations.toSorted((a, b) => a - b)[durations.length >> 1] ?? 0;
}
