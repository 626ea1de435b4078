import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReceivedEvent, ReceivedItem } from "../../../src/testing/received.ts";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { assertValidItems } from "../../errors/event-schema/problems.ts";
import { itemSchemas } from "../../errors/event-schema/item-schemas.ts";
import { eventText } from "../../errors/events.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";

interface Run {
  readonly ended: ProgramResult;
  readonly items: readonly ReceivedItem[];
}

/** Kinds of events by the start of their text, with a property that shows that it is one. */
const kinds: Readonly<Record<string, (event: ReceivedEvent) => unknown>> = {
  exception: ({ exception }) => exception?.values?.[0]?.stacktrace,
  cause: ({ exception }) => exception?.values?.length === 2,
  aggregate: ({ exception }) => exception?.values?.length === 4,
  "a text": ({ exception }) => exception?.values?.length === 1,
  "Object captured as exception": ({ extra }) => extra?.["__serialized__"],
  "a class without a name": ({ exception }) => exception?.values?.[0]?.type,
  message: ({ message }) => message,
  "message with level": ({ level }) => level === "info",
  '"message with parameters has 1"': ({ logentry }) => logentry,
  winston: ({ logger }) => logger === "winston",
  pino: ({ logger }) => logger === "pino",
  console: ({ logger }) => logger === "console",
  everything: ({ user, contexts }) => user?.["id"] === "7" && contexts?.["order"],
  job: ({ transaction }) => transaction === "sweep",
  "monitored job": ({ transaction }) => transaction === "report",
  feedback: ({ exception }) => exception,
  "repeated 0": ({ tags }) => tags,
  request: ({ request }) => request?.["data"] && request["headers"] && request["cookies"],
  "uncaught exception": ({ level }) => level === "fatal",
};

describe("The items that a process sends to Sentry", () => {
  let all: Run;
  before(async () => {
    all = await run("kinds.mjs", { args: ["uncaught exception"] });
  });

  for (const [kind, isOfKind] of Object.entries(kinds)) {
    it(`are valid by Sentry's documentation: an event of the kind ${kind}`, () => {
      const items = all.items.filter(({ type, payload }) => {
        return type === "event" && eventText(payload as ReceivedEvent)?.startsWith(kind);
      });
      const item = items.find(({ payload }) => isOfKind(payload as ReceivedEvent));
      assert.ok(item, JSON.stringify(items));
      assertValidItems([item]);
    });
  }

  for (const wanted of Object.keys(itemSchemas)) {
    it(`are valid by Sentry's documentation: ${wanted}`, () => {
      const items = all.items.filter(({ type }) => type === wanted);
      assert.notEqual(items.length, 0);
      assertValidItems(items);
    });
  }

  it("are of no other types", () => {
    const types = new Set(all.items.map(({ type }) => type));
    assert.deepEqual([...types].toSorted(), Object.keys(itemSchemas).toSorted());
  });

  it("are of the types that the documentation lists", async () => {
    const page = await readFile(
      new URL("../../../docs/error-delivery.md", import.meta.url),
      "utf8",
    );
    const section = /^## Items\n.*?^## /ms.exec(page)?.[0] ?? "";
    const types = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, type]) => type);
    assert.deepEqual(types, Object.keys(itemSchemas));
  });

  it("are valid if the process ends by an unhandled rejection", async () => {
    const { items, ended } = await run("kinds.mjs", { args: ["unhandled rejection"] });
    assert.equal(ended.code, 1);
    const texts = items.map(({ payload }) => eventText(payload as ReceivedEvent));
    assert.ok(texts.includes("unhandled rejection"), texts.join());
    assertValidItems(items);
  });

  it("are valid if a filter fails, and only a minimal event is sent", async () => {
    const folder = await mkdtemp(join(tmpdir(), "telltale-filter-"));
    try {
      const filter = join(folder, "filter.mjs");
      await writeFile(filter, `export default () => { throw new Error("in the filter"); };`);
      const { items } = await run("kinds.mjs", { env: { TELLTALE_BEFORE_SEND: filter } });
      const events = items.filter(({ type }) => type === "event");
      assert.ok(events.length >= Object.keys(kinds).length - 1, `${events.length} events`);
      for (const { payload } of events)
        assert.ok((payload as ReceivedEvent).contexts?.["before_send"]);
      assertValidItems(items);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("are valid whatever the app captures", async () => {
    const { items, ended } = await run("hostile.mjs", { env: { TELLTALE_REPEATED_ERRORS: "0" } });
    const events = items.filter(({ type }) => type === "event");
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(events.length, Number(ended.stdout), ended.stderr);
    assertValidItems(items);
  });
});

interface RunOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs one of `apps/` until it exits. */
async function run(app: string, { args = [], env = {} }: RunOptions): Promise<Run> {
  const receiver = await startReceiver();
  try {
    const program = new Program({
      file: fileURLToPath(new URL(`apps/${app}`, import.meta.url)),
      flags: preload.import,
      args,
      env: {
        ...telemetryEnv(receiver),
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "",
        SENTRY_RELEASE: "shop@1.2.3",
        SENTRY_ENVIRONMENT: "staging",
        TELLTALE_DATA_COLLECTION: "userInfo,cookies,httpHeaders,httpBodies,urlQueryParams",
        TELLTALE_REPEATED_ERRORS: "10",
        NODE_ENV: "test",
        ...env,
      },
    });
    const ended = await program.ended;
    await receiver.settled();
    return { ended, items: [...receiver.items] };
  } finally {
    await receiver.close();
  }
}
