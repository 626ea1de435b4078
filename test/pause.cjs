const { setTimeout: wait } = require("node:timers/promises");

/** Waits for at least `ms` milliseconds: a timer alone may end up to one millisecond early. */
exports.pause = async function pause(ms) {
  const end = performance.now() + ms;
  for (let left = ms; left > 0; left = end - performance.now()) await wait(Math.ceil(left));
};
