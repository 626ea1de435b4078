module.exports = ({ load, installed, url }) => {
  const loaded = load(installed);
  const Redis = loaded.default ?? loaded;
  const client = { make: () => new Redis(url), end: (one) => one.quit() };
  return {
    "client.get()": { ...client, ask: (one) => one.get("a") },
    "client.get(callback)": { ...client, ask: (one, done) => void one.get("a", done) },
    "client.pipeline().exec()": {
      ...client,
      ask: (one) => one.pipeline().get("a").exec(),
    },
    "client.pipeline().exec(callback)": {
      ...client,
      ask: (one, done) => void one.pipeline().get("a").exec(done),
    },
    "the callback of a command in pipeline()": {
      ...client,
      ask: (one, done) => void one.pipeline().get("a", done).exec(),
    },
    "client.multi().exec(callback)": {
      ...client,
      ask: (one, done) => void one.multi().get("a").exec(done),
    },
  };
};
