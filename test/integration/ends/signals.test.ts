import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../program.ts";
import { comparable } from "./comparable.ts";
import { launcherOrSkip } from "../../programs.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";

interface Row {
  readonly title: string;
  /** In `apps/signals.cjs`. */
  readonly way: string;
  /** Sent when the program is ready. Undefined: it sends one itself. */
  readonly signal?: NodeJS.Signals;
  readonly code?: number;
  readonly endsBy?: NodeJS.Signals;
  /** The program records a span, which is exported. */
  readonly span?: true;
  /** The program records a span, which is lost because telltale has no listener. */
  readonly lost?: true;
  readonly env?: Readonly<Record<string, string>>;
  /** Signals that follow at once. */
  readonly alsoSent?: readonly NodeJS.Signals[];
  /** Has a channel to its parent, as `fork` opens it. */
  readonly hasChannel?: true;
  /** Has process id 1, as in a container. */
  readonly isFirstProcess?: true;
}

const asFirstProcess = ["unshare", "--map-root-user", "--pid", "--fork"];

const rows: readonly Row[] = [
  ...(["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"] as const).flatMap((signal): Row[] => [
    { title: `${signal} while it computes`, way: "computes", signal, endsBy: signal },
    { title: `${signal} while it idles`, way: "idles", signal, endsBy: signal },
  ]),
  {
    title: "SIGTERM while it waits for another thread",
    way: "waits",
    signal: "SIGTERM",
    endsBy: "SIGTERM",
  },
  {
    title: "SIGINT while it waits synchronously for a child",
    way: "waitsForChild",
    signal: "SIGINT",
    endsBy: "SIGINT",
  },
  {
    title: "SIGTERM to a server without requests",
    way: "listensForRequests",
    signal: "SIGTERM",
    endsBy: "SIGTERM",
  },
  {
    title: "SIGTERM to a server that computes",
    way: "listensAndComputes",
    signal: "SIGTERM",
    endsBy: "SIGTERM",
  },
  { title: "the signal that killed its child", way: "passesOn", endsBy: "SIGTERM" },
  {
    title: "the signal that killed its child, after a span",
    way: "passesOnAfterWork",
    endsBy: "SIGTERM",
    span: true,
  },
  { title: "a signal of its own", way: "kills", endsBy: "SIGINT" },
  {
    title: "a signal of its own after a span",
    way: "killsAfterWork",
    endsBy: "SIGTERM",
    span: true,
  },
  {
    title: "a signal of its own by number, after a span",
    way: "killsByNumberAfterWork",
    endsBy: "SIGINT",
    span: true,
  },
  {
    title: "SIGUSR2 of its own after a span, as under nodemon",
    way: "killsOtherwiseAfterWork",
    endsBy: "SIGUSR2",
    span: true,
  },
  {
    title: "SIGUSR2 after its once listener, which sends it again",
    way: "restartsUnderNodemon",
    signal: "SIGUSR2",
    endsBy: "SIGUSR2",
    span: true,
  },
  ...(["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"] as const).map((signal): Row => ({
    title: `${signal} while it idles, after a span`,
    way: "idlesAfterWork",
    signal,
    endsBy: signal,
    span: true,
  })),
  {
    title: "SIGTERM and SIGCONT, as systemd sends them, after a span",
    way: "idlesAfterWork",
    signal: "SIGTERM",
    alsoSent: ["SIGCONT"],
    endsBy: "SIGTERM",
    span: true,
  },
  {
    title: "SIGINT of PM2, which has a channel to it, after a span",
    way: "idlesAfterWork",
    signal: "SIGINT",
    endsBy: "SIGINT",
    hasChannel: true,
    span: true,
  },
  {
    title: "SIGTERM some time after all was sent, as after a preStop hook of Kubernetes",
    way: "idlesLongAfterWork",
    signal: "SIGTERM",
    endsBy: "SIGTERM",
    span: true,
    env: { OTEL_BSP_SCHEDULE_DELAY: "10" },
  },
  {
    title: "its normal end after several listeners for beforeExit",
    way: "listensBeforeExit",
    code: 0,
    span: true,
  },
  {
    title: "its normal end after a signal of its own, as the first process of a container",
    way: "killsAfterWork",
    isFirstProcess: true,
    code: 0,
    span: true,
  },
  {
    title: "its listener's exit, as the first process of a container",
    way: "killsWithListener",
    isFirstProcess: true,
    code: 7,
    span: true,
  },
  {
    title: "process.exit in a thread, after a span",
    way: "endsThreadAfterWork",
    code: 0,
    span: true,
  },
  {
    title: "its normal end after that of its cluster, after a span",
    way: "disconnectsClusterAfterWork",
    code: 0,
    span: true,
  },
  {
    title: "its listener's exit after a signal of its own",
    way: "killsWithListener",
    code: 7,
    span: true,
  },
  { title: "its normal end after it probed itself", way: "probes", code: 0, span: true },
  { title: "its normal end after impossible signals", way: "asksForNonsense", code: 0, span: true },
  {
    title: "its normal end after it emitted the event of a signal",
    way: "emitsByHand",
    code: 0,
    span: true,
  },
  {
    title: "its normal end after it emitted a signal with its number",
    way: "emitsToItsListeners",
    code: 0,
    span: true,
  },
  {
    title: "SIGTERM while it computes, after its listener was removed",
    way: "removesListeners",
    signal: "SIGTERM",
    endsBy: "SIGTERM",
  },
  {
    title: "a second SIGTERM while a once listener computes",
    way: "listensOnce",
    signal: "SIGTERM",
    endsBy: "SIGTERM",
  },
  { title: "its normal end after it counted listeners", way: "countsListeners", code: 0 },
  {
    title: "SIGTERM while a thread of it computes",
    way: "computesInThread",
    signal: "SIGTERM",
    endsBy: "SIGTERM",
  },
  { title: "its normal end after a thread's own end", way: "endsThread", code: 0 },
  { title: "a signal that a thread of it sends", way: "signalsFromThread", endsBy: "SIGTERM" },
  {
    title: "SIGTERM to the primary of a cluster",
    way: "leadsCluster",
    signal: "SIGTERM",
    endsBy: "SIGTERM",
  },
  { title: "its normal end after that of its cluster", way: "disconnectsCluster", code: 0 },
  {
    title: "SIGTERM while it computes, with an unsent span and without a listener",
    way: "computesAfterWork",
    signal: "SIGTERM",
    endsBy: "SIGTERM",
    lost: true,
    env: { TELLTALE_SIGNALS: "none" },
  },
  {
    title: "SIGINT while it computes, with an unsent span and without a listener for it",
    way: "computesAfterWork",
    signal: "SIGINT",
    endsBy: "SIGINT",
    lost: true,
    env: { TELLTALE_SIGNALS: "SIGTERM" },
  },
  {
    title: "SIGTERM while it computes, after everything was sent",
    way: "computesLongAfterWork",
    signal: "SIGTERM",
    endsBy: "SIGTERM",
    span: true,
    env: { OTEL_BSP_SCHEDULE_DELAY: "10" },
  },
];

describe("A signal has the same effect as without telltale on a process", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  for (const { name, path } of nodes) {
    for (const row of rows) {
      it(`that ends by ${row.title}, on Node ${name}`, async function () {
        if (row.isFirstProcess === true) launcherOrSkip(this, asFirstProcess);
        const [bare, preloaded] = await Promise.all([
          run(row, path, [], {}),
          run(row, path, preload.import, { ...telemetryEnv(receiver), ...row.env }),
        ]);
        assert.deepEqual([bare.code, bare.signal], [row.code ?? null, row.endsBy ?? null]);
        assert.deepEqual(comparable(preloaded), comparable(bare));
        await receiver.settled();
        assert.equal(receiver.spans.length, row.span === true ? 1 : 0);
      });
    }
  }
});

async function run(
  row: Row,
  node: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ProgramResult> {
  const file = fileURLToPath(new URL("apps/signals.cjs", import.meta.url));
  const mode = flags.length === 0 ? "bare" : "preloaded";
  const launcher = row.isFirstProcess === true ? asFirstProcess : [];
  const [command, ...launcherArgs] = [...launcher, node];
  const program = new Program({
    ...{ file, node: command, flags: [...launcherArgs, ...flags], args: [row.way, mode], env },
    hasChannel: row.hasChannel === true,
  });
  // A process that the signal does not end is a failure of the test.
  const deadline = setTimeout(() => program.kill("SIGKILL"), WAIT_TIMEOUT_MS);
  try {
    if (row.signal !== undefined)
      await sendEachTime(program, [row.signal, ...(row.alsoSent ?? [])]);
    return await program.ended;
  } finally {
    clearTimeout(deadline);
  }
}

async function sendEachTime(program: Program, sent: readonly NodeJS.Signals[]): Promise<void> {
  for (let times = 1; ; times++) {
    const output = program.waitForStdout(
      (stdout) => stdout.split("ready").length > times || undefined,
    );
    // Rejects if the program has ended.
    const ready = await output.catch(() => false);
    if (!ready) return;
    for (const signal of sent) program.kill(signal);
  }
}
