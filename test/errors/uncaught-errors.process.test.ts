import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { freePort } from "../free-port.ts";
import { nodes } from "../nodes.ts";
import { bundlePrograms, type ProcessResult, type BundledPrograms } from "./preload.ts";
import { summarizeEvents, type EventSummary } from "./events.ts";

const uncaught = { mechanism: "auto.node.onuncaughtexception", handled: false };
const rejected = { mechanism: "auto.node.onunhandledrejection", handled: false };

/** A way to end, the mode for unhandled rejections, and the events that are sent. */
const cases: readonly {
  readonly title: string;
  readonly end: string;
  readonly mode?: string;
  /** Value of NODE_OPTIONS. */
  readonly nodeOptions?: string;
  /** The oldest Node that survives it without the preload. */
  readonly since?: 24;
  readonly events: readonly EventSummary[];
}[] = [
  {
    title: "an error at the top of a module",
    end: "top",
    // A module's evaluation is a promise.
    events: [{ level: "fatal", type: "Error", value: "at the top", ...rejected }],
  },
  {
    title: "a text thrown in a timer",
    end: "text",
    events: [{ level: "fatal", type: "Error", value: "just a text", ...uncaught }],
  },
  {
    title: "an error in a timer",
    end: "timer",
    events: [{ level: "fatal", type: "RangeError", value: "in a timer", ...uncaught }],
  },
  {
    title: "an error event without a listener",
    end: "error-event",
    events: [{ level: "fatal", type: "Error", value: "no listener", ...uncaught }],
  },
  {
    title: "a rejection",
    end: "rejection",
    events: [{ level: "fatal", type: "Error", value: "rejected", ...rejected }],
  },
  {
    title: "a rejection with a text",
    end: "rejection-of-text",
    events: [
      {
        level: "fatal",
        type: "UnhandledPromiseRejection",
        value:
          "This error originated either by throwing inside of an async function without a catch block, " +
          'or by rejecting a promise which was not handled with .catch(). The promise rejected with the reason "just a text".',
        ...rejected,
      },
    ],
  },
  {
    title: "two rejections, of which the first is fatal",
    end: "two-rejections",
    events: [{ level: "fatal", type: "Error", value: "the first", ...rejected }],
  },
  {
    title: "a rejection with a listener of the app",
    end: "rejection-listener",
    events: [{ level: "error", type: "Error", value: "handled by a listener", ...rejected }],
  },
  {
    title: "a rejection whose listener exits",
    end: "rejection-listener-exits",
    events: [{ level: "error", type: "Error", value: "handled by a listener", ...rejected }],
  },
  {
    title: "a rejection whose listener throws it",
    end: "rejection-listener-throws",
    events: [{ level: "error", type: "Error", value: "thrown again", ...rejected }],
  },
  {
    title: "a rejection after the app has removed its listener",
    end: "rejection-listener-once",
    events: [
      { level: "error", type: "Error", value: "handled by a listener", ...rejected },
      { level: "fatal", type: "Error", value: "after it", ...rejected },
    ],
  },
  {
    title: "an exception with a listener of the app",
    end: "exception-listener",
    events: [{ level: "fatal", type: "Error", value: "handled by a listener", ...uncaught }],
  },
  {
    title: "an exception whose listener exits",
    end: "exception-listener-exits",
    events: [{ level: "fatal", type: "Error", value: "handled by a listener", ...uncaught }],
  },
  {
    title: "an exception that a domain handles",
    end: "domain",
    events: [{ level: "error", type: "Error", value: "in a domain", ...uncaught, handled: true }],
  },
  {
    title: "an error in a worker thread, that ends the main thread",
    end: "worker-timer",
    events: [{ level: "fatal", type: "RangeError", value: "in a timer", ...uncaught }],
  },
  {
    title: "an error in a worker thread with a listener in the main thread",
    end: "worker-listener",
    events: [{ level: "fatal", type: "RangeError", value: "in a timer", ...uncaught }],
  },
  {
    title: "a rejection in a worker thread",
    end: "worker-rejection",
    events: [{ level: "fatal", type: "Error", value: "rejected", ...rejected }],
  },
  { title: "no error, with listeners counted", end: "listeners", events: [] },
  {
    title: "two rejections with --unhandled-rejections=warn-with-error-code",
    end: "two-rejections",
    mode: "warn-with-error-code",
    events: [],
  },
  ...["warn", "none"].map((mode) => ({
    title: `two rejections with --unhandled-rejections=${mode}`,
    end: "two-rejections",
    mode,
    events: [
      { level: "error", type: "Error", value: "the first", ...rejected },
      { level: "error", type: "Error", value: "the second", ...rejected },
    ],
  })),
  ...[
    "--unhandled-rejections=warn",
    "--unhandled_rejections none",
    '--title="a \\"b" "--unhandled-rejections=warn"',
  ].map((nodeOptions) => ({
    title: `a rejection with NODE_OPTIONS='${nodeOptions}'`,
    end: "rejection",
    nodeOptions,
    events: [{ level: "error", type: "Error", value: "rejected", ...rejected }],
  })),
  {
    title: "a rejection with NODE_OPTIONS that the command line overrides",
    end: "rejection",
    nodeOptions: "--unhandled-rejections=warn",
    mode: "throw",
    events: [{ level: "fatal", type: "Error", value: "rejected", ...rejected }],
  },
  ...["warn", "none", "warn-with-error-code"].map((mode) => ({
    title: `a rejection with a listener of the app with --unhandled-rejections=${mode}`,
    end: "rejection-listener",
    mode,
    events: [{ level: "error", type: "Error", value: "handled by a listener", ...rejected }],
  })),
  {
    title: "a rejection with --unhandled-rejections=strict",
    end: "rejection-listener",
    mode: "strict",
    events: [{ level: "fatal", type: "Error", value: "handled by a listener", ...rejected }],
  },
  {
    title: "a rejection with --unhandled-rejections=strict that the app survives",
    end: "exception-listener-for-rejection",
    mode: "strict",
    // Node 22 loses count of its async ids here, and aborts at V8's next foreground task.
    since: 24,
    events: [
      {
        level: "fatal",
        type: "UnhandledPromiseRejection",
        value:
          "This error originated either by throwing inside of an async function without a catch block, " +
          'or by rejecting a promise which was not handled with .catch(). The promise rejected with the reason "just a text".',
        ...rejected,
      },
    ],
  },
];

describe("Unhandled errors", () => {
  let programs: BundledPrograms;
  let receiver: Receiver;
  before(async () => {
    [programs, receiver] = await Promise.all([bundlePrograms(["ends.ts"]), startReceiver()]);
  });
  after(() => Promise.all([programs.remove(), receiver.close()]));

  type End = Pick<(typeof cases)[number], "end" | "mode" | "nodeOptions">;
  const runEnd = ({ end: name, mode, nodeOptions }: End, path: string, dsn?: string) =>
    programs.run("ends.ts", {
      node: path,
      args: [name],
      flags: mode === undefined ? [] : [`--unhandled-rejections=${mode}`],
      bare: dsn === undefined,
      env: {
        ...(dsn !== undefined && { SENTRY_DSN: dsn }),
        ...(nodeOptions !== undefined && { NODE_OPTIONS: nodeOptions }),
      },
    });

  for (const { name, path } of nodes) {
    describe(`on Node ${name}`, () => {
      beforeEach(() => receiver.clear());

      for (const one of cases.filter(({ since = 22 }) => Number.parseInt(name, 10) >= since)) {
        it(`are sent without changing the exit, for ${one.title}`, async () => {
          const [bare, preloaded] = await Promise.all([
            runEnd(one, path),
            runEnd(one, path, receiver.dsn),
          ]);
          assert.deepEqual(comparable(preloaded), comparable(bare));
          // The kernel may deliver a request after the process has ended.
          await receiver.settled();
          // Two of one millisecond, each on a connection of its own, have no order.
          const events = summarizeEvents(receiver.events);
          assert.deepEqual(events.toSorted(byValue), one.events.toSorted(byValue));
        });
      }
    });
  }

  it("that no server accepts do not delay the exit beyond its deadline", async () => {
    const { stdout: _, ...bare } = await runEnd({ end: "top" }, process.execPath);
    for (const fault of ["hang", "no-read", "close"] as const) {
      receiver.setFaults({ kind: fault });
      const ended = await programs.run("ends.ts", {
        args: ["top"],
        env: { SENTRY_DSN: receiver.dsn, TELLTALE_FLUSH_TIMEOUT: "300" },
      });
      assert.deepEqual([ended.code, ended.stderr], [bare.code, bare.stderr], fault);
      assert.ok(ended.tookMs < bare.tookMs + 8_000, `${fault}: ${ended.tookMs} ms`);
    }
    receiver.setFaults();
  });

  it("do not change stderr if the connection is refused", async () => {
    const port = await freePort();
    const bare = await runEnd({ end: "top" }, process.execPath);
    const ended = await runEnd({ end: "top" }, process.execPath, `http://key@127.0.0.1:${port}/1`);
    assert.deepEqual(comparable(ended), comparable(bare));
  });
});

function byValue(a: EventSummary, b: EventSummary): number {
  return String(a.value) < String(b.value) ? -1 : 1;
}

/** Returns the result without the parts that differ between any two processes. */
function comparable({ code, signal, stdout, stderr }: ProcessResult): object {
  return { code, signal, stdout, stderr: stderr.replaceAll(/\(node:\d+\)/g, "(node)") };
}
