const { setTimeout: wait } = require("node:timers/promises");

/**
 * Waits for at least `ms` milliseconds, also on a busy host: a timer alone counts from the time
 * at which the turn of the event loop began, and may end early by as much as the turn has taken.
 */
exports.pause = async function pause(ms) {
  const end = performance.now() + ms;
  for (let left = ms; left > 0; left = end - performance.now()) await wait(Math.ceil(left));
};
