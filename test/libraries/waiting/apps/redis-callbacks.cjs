module.exports = ({ load, installed, url }) => {
  const { createClient } = load(installed);
  const client = { make: () => createClient(url), end: (one) => one.quit() };
  const ways = {
    "client.get(callback)": { ...client, ask: (one, done) => one.get("a", done) },
    "client.multi().exec(callback)": {
      ...client,
      ask: (one, done) => one.multi().get("a").exec(done),
    },
    "client.batch().exec(callback)": {
      ...client,
      ask: (one, done) => one.batch().get("a").exec(done),
    },
    "the callback of a command in multi()": {
      ...client,
      ask: (one, done) =>
        one
          .multi()
          .get("a", done)
          .exec(() => {}),
    },
  };
  // Version 2.6 never calls it.
  if (installed === "redis2") delete ways["the callback of a command in multi()"];
  return ways;
};
