module.exports = ({ load, installed, url }) => {
  const Memcached = load(installed);
  const client = { make: () => new Memcached(url, { poolSize: 1 }), end: (one) => one.end() };
  return {
    "get(callback)": { ...client, ask: (one, done) => one.get("a", done) },
    "set(callback)": { ...client, ask: (one, done) => one.set("a", "b", 10, done) },
    "getMulti(callback)": { ...client, ask: (one, done) => one.getMulti(["a", "b"], done) },
    "stats(callback)": { ...client, ask: (one, done) => one.stats(done), calls: "any" },
  };
};
