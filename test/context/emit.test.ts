import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { type Context, ROOT_CONTEXT } from "../../src/context/context.ts";
import {
  bindEmitter,
  bindEmitterToContext,
  type EmitArgs,
  wrapEmit,
} from "../../src/context/emit.ts";
import { activeContext, runWithContext } from "../../src/context/manager.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";

class RequestUnit extends UnitOfWork {
  context: Context | undefined = ROOT_CONTEXT.withUnitOfWork(this);
}

const other = ROOT_CONTEXT.withUnitOfWork(new UnitOfWork());

/** The context that the listeners of an event run in. */
function contextOf(emitter: EventEmitter, event = "data"): unknown {
  let context: unknown;
  emitter.once(event, () => {
    context = activeContext();
  });
  emitter.emit(event, new Error("closed"));
  return context;
}

describe("A class whose emit is wrapped", () => {
  class Server extends EventEmitter {}

  class OwnEmit extends Server {
    override emit(event: string, ...args: unknown[]): boolean {
      return super.emit(`own ${event}`, ...args);
    }
  }

  const seen: EmitArgs[] = [];
  for (const { prototype } of [Server, OwnEmit]) {
    wrapEmit(prototype, (next, emitter, args) => {
      seen.push([...args] as EmitArgs);
      return Reflect.apply(next, emitter, args);
    });
  }
  beforeEach(() => {
    seen.length = 0;
  });

  it("passes each event with its arguments, and the result", () => {
    const server = new Server();
    assert.equal(server.emit("request", 1, 2), false);
    server.on("request", () => {});
    assert.equal(server.emit("request"), true);
    assert.deepEqual(seen, [["request", 1, 2], ["request"]]);
  });

  it("calls its own emit, and then the inherited one", () => {
    const server = new OwnEmit();
    server.on("own request", () => {});
    assert.equal(server.emit("request"), true);
    assert.deepEqual(seen, [["request"], ["own request"]]);
  });

  it("uses an emit that replaces the inherited one later", () => {
    const { emit } = EventEmitter.prototype;
    const replaced: unknown[] = [];
    EventEmitter.prototype.emit = function (...args) {
      replaced.push(args[0]);
      return emit.apply(this, args);
    };
    try {
      new Server().emit("request");
    } finally {
      EventEmitter.prototype.emit = emit;
    }
    assert.deepEqual(replaced, ["request"]);
  });

  it("throws an error without listeners from the emitter's own place, unseen", () => {
    const error = new Error("closed");
    const { emit } = EventEmitter.prototype;
    assert.throws(
      () => new Server().emit("error", error),
      (thrown) => thrown === error,
    );
    assert.deepEqual(seen, []);
    assert.equal(EventEmitter.prototype.emit, emit);
  });

  it("passes an error that has a listener", () => {
    const server = new Server().on("error", () => {});
    server.emit("error", new Error("closed"));
    assert.equal(seen.length, 1);
  });
});

describe("An emitter that is bound to a unit of work", () => {
  const unit = new RequestUnit();

  it("runs its listeners in the context of the unit", () => {
    const emitter = new EventEmitter();
    bindEmitter(unit, emitter);
    assert.equal(contextOf(emitter), unit.context);
    assert.equal(
      runWithContext(other, () => contextOf(emitter)),
      unit.context,
    );
    assert.equal(contextOf(emitter, "error"), unit.context);
  });

  it("keeps a context below that of the unit", () => {
    const emitter = new EventEmitter();
    bindEmitter(unit, emitter);
    const below = ROOT_CONTEXT.withUnitOfWork(unit);
    assert.equal(
      runWithContext(below, () => contextOf(emitter)),
      below,
    );
  });

  it("keeps the active context while the unit has none", () => {
    const emitter = new EventEmitter();
    bindEmitter(Object.assign(new RequestUnit(), { context: undefined }), emitter);
    assert.equal(
      runWithContext(other, () => contextOf(emitter)),
      other,
    );
  });

  it("has an emit that can't be enumerated, and can be replaced", () => {
    const emitter = new EventEmitter();
    const names = Object.keys(emitter);
    bindEmitter(unit, emitter);
    assert.deepEqual(Object.keys(emitter), names);
    emitter.emit = () => false;
    assert.equal(emitter.emit("data"), false);
  });

  it("throws an error without listeners", () => {
    const emitter = new EventEmitter();
    bindEmitter(unit, emitter);
    assert.throws(() => emitter.emit("error", new Error("closed")), /closed/);
    assert.equal(activeContext(), ROOT_CONTEXT);
  });
});

describe("An emitter that is bound to a context", () => {
  it("runs its listeners in that context, also after a change", () => {
    const emitter = new EventEmitter();
    const ref = { context: other };
    bindEmitterToContext(ref, emitter);
    assert.equal(contextOf(emitter), other);
    ref.context = ROOT_CONTEXT.copy();
    assert.equal(contextOf(emitter), ref.context);
  });

  it("throws an error without listeners", () => {
    const emitter = new EventEmitter();
    bindEmitterToContext({ context: other }, emitter);
    assert.throws(() => emitter.emit("error", new Error("closed")), /closed/);
    runWithContext(other, () => {
      assert.throws(() => emitter.emit("error", new Error("closed")), /closed/);
    });
  });
});
