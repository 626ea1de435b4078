import assert from "node:assert/strict";
import { EventEmitter, on, once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { type Context, ROOT_CONTEXT } from "../../src/context/context.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";
import { activeUnitOfWork, runWithContext } from "../../src/context/manager.ts";
import { TracedAsyncIterator } from "../../src/context/traced-async-iterator.ts";
import type { UnitOfWorkHandle } from "../../src/context/messaging.ts";

/** Unit of work with a request id. */
class TestUnitOfWork extends UnitOfWork implements UnitOfWorkHandle {
  readonly context: Context = ROOT_CONTEXT.withUnitOfWork(this);

  constructor(id: string) {
    super();
    this.requestId = id;
  }

  fail(): void {}
}

/** A loop over the messages that `source` emits, and the units of work that it has started. */
function createLoop(source: EventEmitter): {
  loop: TracedAsyncIterator<string>;
  items: TestUnitOfWork[];
} {
  const units: TestUnitOfWork[] = [];
  const messages = (async function* () {
    for await (const [message] of on(source, "message") as AsyncIterable<[string]>) {
      if (message === "end") return;
      yield message;
    }
  })();
  const loop = new TracedAsyncIterator(messages, (message) => {
    const item = new TestUnitOfWork(message);
    units.push(item);
    return item;
  });
  return { loop, items: units };
}

function activeRequestId(): string | undefined {
  return activeUnitOfWork()?.requestId;
}

describe("A loop over messages", () => {
  it("runs its body as the unit of work of each message, also of the first one", async () => {
    const source = new EventEmitter();
    const { loop, items: units } = createLoop(source);
    const seen: (string | undefined)[] = [];
    const running = (async () => {
      for await (const message of loop) {
        seen.push(message, activeRequestId());
        await turn();
        seen.push(activeRequestId());
        source.emit("seen");
      }
      return activeRequestId();
    })();
    for (const message of ["a", "b", "c"]) {
      source.emit("message", message);
      await once(source, "seen");
    }
    source.emit("message", "end");
    assert.equal(await running, undefined, "and nothing after it");
    assert.deepEqual(seen, ["a", "a", "a", "b", "b", "b", "c", "c", "c"]);
    assert.ok(units.every(({ ended }) => ended));
  });

  it("restores the context of its caller after the first message", async () => {
    const source = new EventEmitter();
    const { loop } = createLoop(source);
    let release = (): void => {};
    const running = runWithContext(new TestUnitOfWork("outer").context, async () => {
      const consumed = (async () => {
        for await (const message of loop) {
          if (message === "b") {
            source.emit("begun");
            await new Promise<void>((resolve) => (release = resolve));
          }
          source.emit("seen", message);
        }
      })();
      // What is started here, before anything was awaited, has the loop's first context.
      const later = once(source, "look").then(activeRequestId);
      source.emit("message", "a");
      await once(source, "seen");
      const begun = once(source, "begun");
      source.emit("message", "b");
      await begun;
      source.emit("look");
      assert.equal(await later, "outer");
      release();
      source.emit("message", "end");
      await consumed;
      return activeRequestId();
    });
    assert.equal(await running, "outer");
  });

  it("ends the unit of work of a message where its body breaks out, and then is in none", async () => {
    const source = new EventEmitter();
    const { loop, items: units } = createLoop(source);
    const running = (async () => {
      for await (const _message of loop) break;
      await turn();
      return activeRequestId();
    })();
    source.emit("message", "a");
    assert.equal(await running, undefined);
    assert.deepEqual(
      units.map(({ ended }) => ended),
      [true],
    );
  });

  it("starts no unit of work for a value that is no message", async () => {
    const values = (async function* () {
      yield 1;
    })();
    const seen: unknown[] = [];
    for await (const value of new TracedAsyncIterator(values, () => undefined))
      seen.push(value, activeRequestId());
    assert.deepEqual(seen, [1, undefined]);
  });
});
