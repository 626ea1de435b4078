/*
 * Node's own process, timers and queues, as they are at start. What replaces them
 * later (fake timers in the tests of an app, for instance) must see the calls of the
 * app only. The build replaces the globals with these in all modules of the preload.
 */
const globals = globalThis;

export const setTimeout: typeof globalThis.setTimeout = globals.setTimeout;
export const setInterval: typeof globalThis.setInterval = globals.setInterval;
export const setImmediate: typeof globalThis.setImmediate = globals.setImmediate;
export const clearTimeout: typeof globalThis.clearTimeout = globals.clearTimeout;
export const clearInterval: typeof globalThis.clearInterval = globals.clearInterval;
export const clearImmediate: typeof globalThis.clearImmediate = globals.clearImmediate;
export const queueMicrotask: typeof globalThis.queueMicrotask = globals.queueMicrotask;
export const process: typeof globalThis.process = globals.process;
/** Replaces `process.nextTick`. */
export const nextTick: NodeJS.Process["nextTick"] = globals.process.nextTick;
