module.exports = ({ load, installed, url }) => {
  const { createClient, createClientPool } = load(installed);
  const client = {
    make() {
      const made = createClient({ url });
      // Commands before the connection is open are queued.
      made.connect();
      return made;
    },
    end: (one) => one.quit(),
  };
  const ways = {
    "client.get()": { ...client, ask: (one) => one.get("a") },
    "client.multi().exec()": {
      ...client,
      ask: (one) => one.multi().get("a").exec(),
    },
  };
  if (installed.startsWith("redis4")) {
    ways["client.executeIsolated()"] = {
      make() {
        const made = createClient({ url, isolationPoolOptions: { max: 1 } });
        made.connect();
        return made;
      },
      end: (one) => one.quit(),
      ask: (one) => one.executeIsolated((taken) => taken.get("a")),
    };
  }
  if (createClientPool === undefined) return ways;
  const pool = {
    make() {
      const made = createClientPool({ url }, { minimum: 1, maximum: 1 });
      made.connect();
      return made;
    },
    end: (one) => one.close(),
  };
  return {
    ...ways,
    "pool.get()": { ...pool, ask: (one) => one.get("a") },
    "pool.sendCommand()": {
      ...pool,
      ask: (one) => one.sendCommand(["GET", "a"]),
    },
    "pool.multi().exec()": {
      ...pool,
      ask: (one) => one.multi().get("a").exec(),
    },
    "pool.execute()": {
      ...pool,
      ask: (one) => one.execute((taken) => taken.get("a")),
    },
    "the callback of pool.execute()": {
      ...pool,
      ask: (one, done) => {
        one.execute(async (taken) => {
          done();
          await taken.get("a");
        });
      },
    },
  };
};
