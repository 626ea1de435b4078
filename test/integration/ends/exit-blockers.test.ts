import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fault } from "../../../src/testing/fault.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { type SilentHost, startSilentHost } from "../../export/silent-host.ts";
import { node as thisNode, nodes } from "../../nodes.ts";
import { type ProgramResult, telemetryEnv } from "../program.ts";
import { type EndCase, endCases, endVariants } from "./cases.ts";
import { esm, runToEnd } from "./run.ts";

const DEADLINE_MS = 300;
/** Time until a pending connection of telltale no longer keeps the process alive (`export/exit/exit-blockers.ts`). */
const CONNECTION_GRACE_MS = 250;
/** Below the export timeout of 10 s, above the start of a thread on a busy machine. */
const MARGIN_MS = 8_000;

const faults: readonly { readonly title: string; readonly fault: Fault }[] = [
  { title: "never responds", fault: { kind: "hang" } },
  { title: "never reads", fault: { kind: "no-read" } },
  {
    title: "sends its response byte by byte",
    fault: { kind: "slow-body", everyMs: 50, status: 503 },
  },
  { title: "closes the connection", fault: { kind: "close" } },
];

const blockedEnds = [...endCases, ...endVariants].filter(({ name }) =>
  ["normal", "exit", "throwInTimer", "signal", "sigtermListener", "exitListener"].includes(name),
);

describe("A process whose collector", () => {
  let receiver: Receiver;
  let directory: string;

  before(async () => {
    receiver = await startReceiver();
    directory = await mkdtemp(join(tmpdir(), "telltale-ends-"));
  });
  beforeEach(() => receiver.clear());
  after(async () => {
    await Promise.all([receiver.close(), rm(directory, { recursive: true, force: true })]);
  });

  for (const { title, fault } of faults) {
    describe(title, () => {
      before(() => receiver.setFaults(fault));
      after(() => receiver.setFaults());

      for (const end of blockedEnds) {
        it(`ends by ${end.title} within its deadline, and as it would`, async () => {
          const [bare, preloaded] = await Promise.all([
            run(end, [], {}),
            run(end, esm.preloaded, telemetryEnv(receiver)),
          ]);
          assert.deepEqual(outcome(preloaded), outcome(bare));
          const tookMs = preloaded.exitTookMs - bare.exitTookMs;
          assert.ok(tookMs < DEADLINE_MS + MARGIN_MS, `${Math.round(tookMs)} ms more`);
        });
      }
    });
  }

  describe("does not respond to SYN", () => {
    let host: SilentHost;
    before(async () => {
      host = await startSilentHost();
    });
    after(() => host.close());

    for (const { name, path } of nodes) {
      it(`does not keep the process alive while it is connecting (Node ${name})`, async () => {
        const [end] = endCases;
        assert.ok(end);
        const [bare, preloaded] = await Promise.all([
          run(end, [], {}, path),
          run(end, esm.preloaded, { ...telemetryEnv(receiver), ...connectingTo(host) }, path),
        ]);
        assert.deepEqual(outcome(preloaded), outcome(bare));
        const tookMs = preloaded.exitTookMs - bare.exitTookMs;
        assert.ok(
          tookMs < CONNECTION_GRACE_MS + DEADLINE_MS + MARGIN_MS,
          `${Math.round(tookMs)} ms more`,
        );
      });
    }
  });

  function run(
    end: EndCase,
    flags: readonly string[],
    env: Readonly<Record<string, string>>,
    node = thisNode,
  ): Promise<ProgramResult> {
    return runToEnd(end, {
      node,
      program: esm.program,
      flags,
      env: { ...env, TELLTALE_FLUSH_TIMEOUT: String(DEADLINE_MS) },
      cwd: directory,
      argument: "",
    });
  }
});

/** Enough spans and log records for an immediate export of each, over separate connections. */
function connectingTo({ url }: SilentHost): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "100",
    OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: "50",
  };
}

/** Removes telltale's own lines about the loss. */
function outcome({ code, signal, stdout, stderr }: ProgramResult): object {
  const lines = stderr.split("\n").filter((line) => !line.startsWith("telltale: "));
  return { code, signal, stdout, stderr: lines.join("\n") };
}
