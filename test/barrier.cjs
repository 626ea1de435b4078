/**
 * Creates a barrier for `count` concurrent pieces of work. The returned function's
 * promise resolves when all of them have arrived. The last one resolves all, in
 * another order than that of their arrival, and through as many schedulers as there
 * are.
 */
exports.createBarrier = function createBarrier(count) {
  const waiting = [];
  return function arrive() {
    const arrived = new Promise((resolve) => waiting.push(resolve));
    if (waiting.length === count) {
      const all = waiting.splice(0);
      for (let at = 0; at < count; at++) {
        schedulers[at % schedulers.length](all[(at * 37) % count]);
      }
    }
    return arrived;
  };
};

const schedulers = [
  (resolve) => resolve(),
  (resolve) => setImmediate(() => resolve()),
  (resolve) => setTimeout(() => resolve(), 1),
  (resolve) => process.nextTick(resolve),
  (resolve) => queueMicrotask(resolve),
  (resolve) => void Promise.resolve().then(resolve),
];
