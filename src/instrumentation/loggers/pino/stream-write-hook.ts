import type { PinoHooks, PinoSymbols } from "./pino-logger.ts";
import type { PinoRecorder } from "./pino-recorder.ts";

type SetLevel = (this: Record<symbol, PinoHooks>, level: unknown) => unknown;

type StreamWrite = NonNullable<PinoHooks["streamWrite"]>;

/** The hooks that `wrapHooks` has created. */
const wrappedHooks = new WeakSet<PinoHooks>();

/**
 * Wraps the hook `streamWrite` of each new logger, so that the record is built from
 * its result. Loggers set their level once they have all their options, and this is
 * the only method of the prototype that they call when they are created. The app's
 * object with the hooks stays unchanged.
 */
export function wrapHooks(
  prototype: Record<symbol, unknown>,
  { setLevelSym, hooksSym }: PinoSymbols,
  recorder: PinoRecorder,
): void {
  const original = prototype[setLevelSym] as SetLevel;
  const setLevel: SetLevel = function setLevel(level) {
    const hooks = Object.hasOwn(this, hooksSym) ? this[hooksSym] : undefined;
    const { streamWrite } = hooks ?? {};
    if (hooks !== undefined && typeof streamWrite === "function" && !wrappedHooks.has(hooks)) {
      const value = wrapStreamWrite(streamWrite, recorder);
      const ownHooks = Object.create(hooks, {
        streamWrite: { value, enumerable: true },
      }) as PinoHooks;
      wrappedHooks.add(ownHooks);
      this[hooksSym] = ownHooks;
    }
    return original.call(this, level);
  };
  prototype[setLevelSym] = setLevel;
}

function wrapStreamWrite(streamWrite: StreamWrite, recorder: PinoRecorder): StreamWrite {
  return function (text) {
    const deferred = recorder.takeDeferred(text);
    const result = streamWrite(text);
    if (deferred !== undefined) {
      const resultText =
        result instanceof Uint8Array ? Buffer.from(result).toString() : String(result);
      recorder.record(deferred.logger, { ...deferred.line, text: resultText });
    }
    return result;
  };
}
