/**
 * A meeting of `count` pieces of work: the returned function's promise resolves
 * when all are here, for each by another's hand. The last one lets all go, not
 * in the order in which they came, and in as many ways as there are.
 */
exports.crowdOf = function crowdOf(count) {
  const waiting = [];
  return function everybody() {
    const here = new Promise((resolve) => waiting.push(resolve));
    if (waiting.length === count) {
      const all = waiting.splice(0);
      for (let at = 0; at < count; at++) ways[at % ways.length](all[(at * 37) % count]);
    }
    return here;
  };
};

const ways = [
  (go) => go(),
  (go) => setImmediate(() => go()),
  (go) => setTimeout(() => go(), 1),
  (go) => process.nextTick(go),
  (go) => queueMicrotask(go),
  (go) => void Promise.resolve().then(go),
];
