import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import * as SentryCore from "@sentry/core";
import * as api from "../../../src/index.ts";
import type { ReceivedCheckIn, ReceivedEvent } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../../integration/program.ts";
import { type FunctionName, hasUserInLogs, imports, type Sender } from "./functions.ts";

const app = fileURLToPath(new URL("apps/functions.cjs", import.meta.url));
const root = fileURLToPath(new URL("../../../package.json", import.meta.url));

/** What the app prints of one request. */
interface CallResults {
  readonly id: string;
  readonly errorId?: string;
  readonly lastId?: string;
  readonly scoped?: string;
  readonly isolated?: string;
  readonly monitored?: string;
}

/** A request of the app, and what arrived of its calls. */
interface RequestRun {
  readonly id: string;
  readonly results: CallResults;
  readonly traceId: string | undefined;
  readonly isFlushed: boolean;
  event(text: string): ReceivedEvent | undefined;
  readonly feedback: ReceivedEvent | undefined;
  checkIns(slug: string): readonly ReceivedCheckIn[];
}

type Contexts = ReceivedEvent["contexts"];

function isOfTrace({ traceId }: RequestRun, item: { contexts?: Contexts } | undefined): boolean {
  return traceId !== undefined && item?.contexts?.["trace"]?.["trace_id"] === traceId;
}

function isPair(run: RequestRun, checkIns: readonly ReceivedCheckIn[]): boolean {
  const statuses = checkIns.map(({ status }) => status).toSorted();
  return (
    statuses.join(" ") === "in_progress ok" &&
    checkIns[0]?.check_in_id === checkIns[1]?.check_in_id &&
    checkIns.every((checkIn) => isOfTrace(run, checkIn))
  );
}

/** Whether a function had its effect in a request, and only there. */
const effects: Readonly<Record<FunctionName, (run: RequestRun) => boolean>> = {
  captureException: (run) => isOfTrace(run, run.event("error")),
  captureMessage: (run) => isOfTrace(run, run.event("message")),
  captureFeedback: (run) =>
    isOfTrace(run, run.feedback) &&
    run.feedback?.contexts?.["feedback"]?.["associated_event_id"] === run.results.errorId,
  captureCheckIn: (run) => isPair(run, run.checkIns("by-hand")),
  withMonitor: (run) => isPair(run, run.checkIns("monitored")) && run.results.monitored === run.id,
  setUser: ({ id, event }) => event("message")?.user?.["id"] === id,
  setTag: ({ id, event }) => event("message")?.tags?.["tag"] === id,
  setTags: ({ id, event }) => event("message")?.tags?.["tags"] === id,
  setExtra: ({ id, event }) => event("message")?.extra?.["extra"] === id,
  setExtras: ({ id, event }) => event("message")?.extra?.["extras"] === id,
  setContext: ({ id, event }) => event("message")?.contexts?.["order"]?.["id"] === id,
  addBreadcrumb: ({ id, event }) =>
    event("message")?.breadcrumbs?.some(({ message }) => message === `breadcrumb ${id}`) === true,
  withScope: ({ id, event, results }) =>
    results.scoped === id &&
    event("scoped")?.tags?.["scoped"] === id &&
    event("after")?.tags?.["scoped"] === undefined &&
    event("after") !== undefined,
  withIsolationScope: ({ id, event, results }) =>
    results.isolated === id &&
    event("isolated")?.tags?.["isolated"] === id &&
    event("after")?.tags?.["isolated"] === undefined &&
    event("after") !== undefined,
  lastEventId: ({ event, results }) =>
    results.lastId !== undefined && results.lastId === event("error")?.event_id,
  flush: ({ isFlushed }) => isFlushed,
};

const functionNames = Object.keys(effects) as readonly FunctionName[];

const senders: Readonly<Record<string, Sender>> = {
  "sentry.javascript.telltale": "telltale",
  "sentry.javascript.node": "app",
};

const DELEGATED = /^telltale: the app calls Sentry\.init itself: its client sends the errors, /;
const LOST =
  /^telltale: the app captures errors by Sentry \d+(\.\d+)* without Sentry\.init, so they are lost;/;

describe("The calls of an app that imports Sentry", function () {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  const run = async (
    name: string,
    initializes: boolean,
    caller: "sentry" | "telltale",
    env: Readonly<Record<string, string>> = {},
  ): Promise<ProgramResult> => {
    const from = name === "@sentry/core" ? root : app;
    const program = new Program({
      flags: preload.import,
      file: app,
      args: [createRequire(from).resolve(name), initializes ? "yes" : "no", caller],
      env: {
        ...telemetryEnv(receiver),
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "",
        OTEL_TRACES_SAMPLER: "traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "0",
        ...env,
      },
    });
    const ended = await program.ended;
    await receiver.settled();
    assert.equal(ended.code, 0, ended.stderr);
    return ended;
  };
  const linesOf = ({ stderr }: ProgramResult): string[] =>
    stderr.split("\n").filter((line) => line.startsWith("telltale: "));

  /** Returns the functions without effect. */
  const findLost = (ended: ProgramResult): FunctionName[] => {
    const runs = requestRuns(receiver, ended);
    assert.equal(runs.length, 2);
    return functionNames.filter((name) => !runs.every((request) => effects[name](request)));
  };
  const findSenders = (): Set<Sender | undefined> =>
    new Set(
      receiver.items
        .filter(({ type }) => ["event", "feedback", "check_in"].includes(type))
        .map(({ envelope }) => senders[(envelope["sdk"] as { name: string }).name]),
    );

  it("are tested for each function that telltale and Sentry have", () => {
    const both = Object.keys(api).filter((name) => name in SentryCore);
    assert.deepEqual(both.toSorted(), functionNames.toSorted());
  });

  for (const { packages, initializes, sender } of imports) {
    const doing = initializes ? "with" : "without";
    for (const name of packages) {
      it(`reach ${sender} through the import (${name}, ${doing} init)`, async () => {
        const ended = await run(name, initializes, "sentry");
        const isLost = sender === "none";
        assert.deepEqual(findLost(ended), isLost ? functionNames : []);
        assert.deepEqual(findSenders(), new Set(isLost ? [] : [sender]));
        const lines = linesOf(ended);
        const expected = isLost ? LOST : DELEGATED;
        assert.equal(lines.length, sender === "telltale" ? 0 : 1, ended.stderr);
        for (const line of lines) assert.match(line, expected);
        const users = hasUserInLogs[sender] ? ["1", "2"] : [undefined, undefined];
        assert.deepEqual(userIdsOfLogs(receiver), users);
      });

      it(`work through telltale's functions (${name}, ${doing} init)`, async () => {
        const ended = await run(name, initializes, "telltale");
        assert.deepEqual(findLost(ended), []);
        assert.deepEqual(findSenders(), new Set([initializes ? "app" : "telltale"]));
        assert.equal(linesOf(ended).length, initializes ? 1 : 0, ended.stderr);
        assert.deepEqual(userIdsOfLogs(receiver), ["1", "2"]);
      });
    }
  }

  for (const name of ["sentry10", "sentry11"]) {
    it(`are lost without any line if there is no DSN (${name})`, async () => {
      const ended = await run(name, false, "sentry", { SENTRY_DSN: "" });
      assert.deepEqual(findLost(ended), functionNames);
      assert.deepEqual(linesOf(ended), []);
    });
  }
});

function requestRuns(receiver: Receiver, { stdout }: ProgramResult): RequestRun[] {
  const { results, isFlushed } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as {
    readonly results: readonly CallResults[];
    readonly isFlushed: boolean;
  };
  return results.map((result) => {
    const { id } = result;
    const server = receiver.spans.find(
      ({ kind, attributes }) => kind === "SERVER" && attributes["url.path"] === `/${id}`,
    );
    return {
      id,
      results: result,
      traceId: server?.traceId,
      isFlushed,
      event: (text) => receiver.events.find((event) => textOf(event) === `${text} ${id}`),
      feedback: receiver.feedback.find(
        ({ contexts }) => contexts?.["feedback"]?.["message"] === `feedback ${id}`,
      ),
      checkIns: (slug) =>
        receiver.checkIns.filter(({ monitor_slug: found }) => found === `${slug}-${id}`),
    };
  });
}

function textOf(event: ReceivedEvent): unknown {
  return event.message ?? event.exception?.values?.at(-1)?.value;
}

function userIdsOfLogs({ logs }: Receiver): unknown[] {
  return ["line 1", "line 2"].map(
    (line) => logs.find(({ body }) => body === line)?.attributes["user.id"],
  );
}
