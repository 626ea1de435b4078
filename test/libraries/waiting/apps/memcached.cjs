module.exports = ({ load, installed, url }) => {
  const Memcached = load(installed);
  // The default times are five seconds, which a busy host may take to respond.
  const options = { poolSize: 1, timeout: 60_000, idle: 60_000 };
  const client = { make: () => new Memcached(url, options), end: (one) => one.end() };
  return {
    "get(callback)": { ...client, ask: (one, done) => one.get("a", done) },
    "set(callback)": { ...client, ask: (one, done) => one.set("a", "b", 10, done) },
    "getMulti(callback)": { ...client, ask: (one, done) => one.getMulti(["a", "b"], done) },
    "stats(callback)": { ...client, ask: (one, done) => one.stats(done), calls: "any" },
  };
};
