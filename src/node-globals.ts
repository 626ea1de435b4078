/*
 * Node's own process, timers and queues, as they are at start: what replaces them
 * later (fake timers of an app's tests, say) is to see the app's calls and not ours. The build
 * puts these in the place of the globals in all that the preload loads.
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
/** Stands for `process.nextTick`. */
export const nextTick: NodeJS.Process["nextTick"] = globals.process.nextTick;
