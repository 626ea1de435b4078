import assert from "node:assert/strict";
import { EventEmitter, on, once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { type Context, ROOT } from "../../src/context/context.ts";
import { Holder } from "../../src/context/holder.ts";
import { activeHolder, runIn } from "../../src/context/manager.ts";
import { MessageLoop } from "../../src/context/message-loop.ts";
import type { Work } from "../../src/context/work.ts";

/** A unit of work that is known by its request id. */
class Item extends Holder implements Work {
  readonly context: Context = ROOT.withHolder(this);

  constructor(id: string) {
    super();
    this.requestId = id;
  }

  fail(): void {}
}

/** A loop over what `source` emits, and all the work that it has begun. */
function loopOver(source: EventEmitter): { loop: MessageLoop<string>; items: Item[] } {
  const items: Item[] = [];
  const messages = (async function* () {
    for await (const [message] of on(source, "message") as AsyncIterable<[string]>) {
      if (message === "end") return;
      yield message;
    }
  })();
  const loop = new MessageLoop(messages, (message) => {
    const item = new Item(message);
    items.push(item);
    return item;
  });
  return { loop, items };
}

function here(): string | undefined {
  return activeHolder()?.requestId;
}

describe("A loop over messages", () => {
  it("runs its body as the work of each message, the first one too", async () => {
    const source = new EventEmitter();
    const { loop, items } = loopOver(source);
    const seen: (string | undefined)[] = [];
    const running = (async () => {
      for await (const message of loop) {
        seen.push(message, here());
        await turn();
        seen.push(here());
        source.emit("seen");
      }
      return here();
    })();
    for (const message of ["a", "b", "c"]) {
      source.emit("message", message);
      await once(source, "seen");
    }
    source.emit("message", "end");
    assert.equal(await running, undefined, "and nothing after it");
    assert.deepEqual(seen, ["a", "a", "a", "b", "b", "b", "c", "c", "c"]);
    assert.ok(items.every(({ ended }) => ended));
  });

  it("leaves whoever has started it where they were, once the first message is done", async () => {
    const source = new EventEmitter();
    const { loop } = loopOver(source);
    let release = (): void => {};
    const running = runIn(new Item("outer").context, async () => {
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
      const later = once(source, "look").then(here);
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
      return here();
    });
    assert.equal(await running, "outer");
  });

  it("ends a message's work where its body breaks out, and is in no work after it", async () => {
    const source = new EventEmitter();
    const { loop, items } = loopOver(source);
    const running = (async () => {
      for await (const _message of loop) break;
      await turn();
      return here();
    })();
    source.emit("message", "a");
    assert.equal(await running, undefined);
    assert.deepEqual(
      items.map(({ ended }) => ended),
      [true],
    );
  });

  it("begins no work for what is no message", async () => {
    const values = (async function* () {
      yield 1;
    })();
    const seen: unknown[] = [];
    for await (const value of new MessageLoop(values, () => undefined)) seen.push(value, here());
    assert.deepEqual(seen, [1, undefined]);
  });
});
