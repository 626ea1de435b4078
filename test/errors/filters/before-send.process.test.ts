import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReceivedEvent } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { eventText } from "../events.ts";
import { bundlePrograms, type BundledPrograms, type ProcessResult } from "../preload.ts";

const SECRET = "hunter2";

/** Modules of filters. */
const modules: Readonly<Record<string, string>> = {
  "removes.mjs": `
    export function beforeSend(event, hint) {
      if (hint.originalException?.message === "drop me") return null;
      const { tags, extra, user, ...rest } = event;
      for (const exception of rest.exception?.values ?? []) exception.value = "removed";
      return { ...rest, ...(rest.message && { message: "removed" }) };
    }
    export const beforeBreadcrumb = (crumb) => (crumb.category === "secret" ? null : crumb);`,
  "removes.cjs": `module.exports = ({ extra, user, tags, breadcrumbs, ...event }) => {
      for (const exception of event.exception?.values ?? []) exception.value = "removed";
      return event;
    };`,
  "removes.ts": `
    interface Values { exception?: { values?: { value?: string }[] } }
    export function beforeSend({ extra, user, tags, breadcrumbs, ...event }: Record<string, any> & Values) {
      for (const exception of event.exception?.values ?? []) exception.value = "removed";
      return event;
    }`,
  "waits.mjs": `
    await Promise.resolve();
    export default async function ({ extra, user, tags, breadcrumbs, ...event }) {
      await new Promise(setImmediate);
      for (const exception of event.exception?.values ?? []) exception.value = "removed";
      return { ...event, ...(event.message && { message: "removed" }) };
    }`,
  "throws.mjs": `export const beforeSend = () => { throw new TypeError("${SECRET}"); };`,
  "rejects.mjs": `export const beforeSend = () => Promise.reject(new TypeError("${SECRET}"));`,
  "hangs.mjs": "export const beforeSend = () => new Promise(() => {});",
  "nonsense.mjs": `export const beforeSend = () => "${SECRET}";`,
  "fails.mjs": `throw new RangeError("${SECRET}");`,
  "never.mjs": "await new Promise(() => {}); export const beforeSend = (event) => event;",
  "empty.mjs": "export const filter = (event) => event;",
  "syntax.cjs": "const = ;",
  "loads.cjs": `require("./missing.js");`,
};

const WITHOUT = "such events are sent without messages and data";
const UNUSABLE = "the module with beforeSend can't be used";

/** Modules whose filter fails, why the events are minimal, and the line on stderr. */
const failing: readonly (readonly [module: string, failure: string, line: RegExp])[] = [
  ["throws.mjs", "beforeSend threw", /beforeSend threw TypeError at .*throws\.mjs:1:\d+\)?;/],
  ["rejects.mjs", "beforeSend threw", /beforeSend threw TypeError at .*rejects\.mjs:1:\d+\)?;/],
  ["hangs.mjs", "beforeSend took more than 2000 ms", /beforeSend took more than 2000 ms;/],
  [
    "nonsense.mjs",
    "beforeSend returned neither an event nor null",
    /beforeSend returned neither an event nor null;/,
  ],
  ["fails.mjs", UNUSABLE, /the module can't be used: it fails with RangeError at .*fails\.mjs:1/],
  ["empty.mjs", UNUSABLE, /the module can't be used: it exports no function beforeSend;/],
  ["syntax.cjs", UNUSABLE, /the module can't be used: it fails with SyntaxError/],
  ["loads.cjs", UNUSABLE, /the module can't be used: it, or a module of it, is not found;/],
  ["missing.mjs", UNUSABLE, /the module can't be used: it, or a module of it, is not found;/],
];

describe("A filter of TELLTALE_BEFORE_SEND", () => {
  let folder: string;
  let programs: BundledPrograms;
  let receiver: Receiver;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "telltale-filters-"));
    for (const [name, text] of Object.entries(modules)) await writeFile(join(folder, name), text);
    [programs, receiver] = await Promise.all([bundlePrograms(["secretive.ts"]), startReceiver()]);
  });
  beforeEach(() => receiver.clear());
  after(async () => {
    await Promise.all([programs.remove(), receiver.close()]);
    await rm(folder, { recursive: true });
  });

  const run = async (module: string, end: string, node?: string): Promise<ProcessResult> => {
    const ended = await programs.run("secretive.ts", {
      args: [end],
      ...(node !== undefined && { node }),
      env: {
        SENTRY_DSN: receiver.dsn,
        OTEL_LOG_LEVEL: "warn",
        TELLTALE_BEFORE_SEND: join(folder, module),
      },
    });
    await receiver.settled();
    return ended;
  };
  const valuesOf = ({ exception, message }: ReceivedEvent): unknown => [
    message,
    exception?.values?.map(({ type, value }) => `${type}: ${value}`),
  ];
  const ownLines = ({ stderr }: ProcessResult): string[] =>
    stderr.split("\n").filter((line) => line.startsWith("telltale: "));

  for (const { name, path } of nodes) {
    // 22.15 does not strip types.
    const typed = name === "22.15" ? [] : ["removes.ts"];
    for (const module of ["removes.mjs", "removes.cjs", "waits.mjs", ...typed]) {
      it(`changes events (${module}, Node ${name})`, async () => {
        const ended = await run(module, "flush", path);
        assert.deepEqual(ownLines(ended), []);
        const errors = receiver.events.filter(({ exception }) => exception?.values?.length === 2);
        assert.deepEqual(errors.map(valuesOf), [
          [undefined, ["Error: removed", "RangeError: removed"]],
        ]);
        const [{ tags, extra, user } = assert.fail()] = errors;
        assert.deepEqual([tags, extra, user], [undefined, undefined, undefined]);
      });
    }
  }

  it("drops events, which are counted, and filters breadcrumbs", async () => {
    await run("removes.mjs", "flush");
    assert.equal(receiver.events.length, 2);
    for (const { breadcrumbs } of receiver.events) {
      assert.deepEqual(
        breadcrumbs?.map(({ message }) => message),
        ["a step"],
      );
    }
    const report = receiver.items.find(({ type }) => type === "client_report")?.payload;
    assert.deepEqual((report as { discarded_events: unknown }).discarded_events, [
      { reason: "before_send", category: "error", quantity: 1 },
    ]);
  });

  for (const [module, failure, line] of failing) {
    it(`that fails (${module}) causes minimal events and one line`, async () => {
      const ended = await run(module, "flush");
      assert.equal(ended.code, 0);
      const note = `(not sent: ${failure})`;
      assert.deepEqual(
        receiver.events.map(valuesOf).toSorted(byJson),
        [
          [note, [`undefined: ${note}`]],
          [undefined, [`Error: ${note}`, `RangeError: ${note}`]],
          [undefined, [`Error: ${note}`]],
        ].toSorted(byJson),
      );
      checkMinimal(receiver, failure);
      const lines = ownLines(ended);
      assert.equal(lines.length, 1, ended.stderr);
      const [text = ""] = lines;
      assert.match(text, line);
      assert.ok(text.endsWith(WITHOUT) && !text.includes(SECRET), text);
    });
  }

  for (const end of ["exit", "fatal"]) {
    for (const { name, path } of nodes) {
      it(`has run when the process ends at once (${end}, Node ${name})`, async () => {
        const ended = await run("removes.mjs", end, path);
        assert.equal(ended.code, end === "exit" ? 3 : 1);
        assert.deepEqual(receiver.events.map(valuesOf), [[undefined, ["RangeError: removed"]]]);
        assert.equal(receiver.events[0]?.level, end === "exit" ? "error" : "fatal");
      });

      for (const module of ["waits.mjs", "hangs.mjs", "never.mjs"]) {
        it(`that is asynchronous (${module}) causes a minimal event when the process ends (${end}, Node ${name})`, async () => {
          const ended = await run(module, end, path);
          assert.equal(ended.code, end === "exit" ? 3 : 1);
          const failure = "beforeSend did not return before the process exited";
          assert.deepEqual(receiver.events.map(eventText), [`(not sent: ${failure})`]);
          checkMinimal(receiver, failure);
          assert.deepEqual(ownLines(ended), [
            `telltale: TELLTALE_BEFORE_SEND: ${failure}; ${WITHOUT}`,
          ]);
        });
      }
    }
  }
});

/** Checks that no item has the secret, and that each error has its stack, without source lines. */
function checkMinimal({ events, items }: Receiver, failure: string): void {
  assert.ok(!JSON.stringify(items).includes(SECRET));
  for (const event of events) {
    assert.deepEqual(event.contexts?.["before_send"], { failure });
    assert.equal(event.environment, "production");
    for (const { stacktrace } of event.exception?.values ?? []) {
      const frame = stacktrace?.frames?.findLast((one) => one["in_app"] === true);
      assert.match(String(frame?.["filename"]), /secretive\.js$/);
      assert.equal(typeof frame?.["lineno"], "number");
      assert.equal(frame?.["context_line"], undefined);
    }
  }
}

function byJson(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
