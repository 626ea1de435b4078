module.exports = ({ load, installed }) => {
  const { createPool, Pool } = load(installed);
  const later = (work) => setTimeout(() => work(), 5);
  if (installed === "generic-pool") {
    const factory = { create: async () => ({}), destroy: async () => {} };
    const pool = { make: () => createPool(factory, { max: 1 }), end: (one) => one.drain() };
    return {
      "acquire()": {
        ...pool,
        async ask(one, done) {
          const resource = await one.acquire();
          done();
          later(() => one.release(resource));
        },
      },
      "use()": {
        ...pool,
        ask: (one, done) =>
          one.use(async () => {
            done();
            await new Promise(later);
          }),
      },
    };
  }
  const create = (done) => later(() => done(null, {}));
  const pool = {
    make: () => new Pool({ name: "pool", create, destroy() {}, max: 1, idleTimeoutMillis: 10 }),
  };
  const take = (one, done) => (error, resource) => {
    done(error);
    later(() => one.release(resource));
  };
  return {
    "acquire(callback)": { ...pool, ask: (one, done) => one.acquire(take(one, done)) },
    "pooled()": {
      ...pool,
      ask(one, done) {
        one.pooled((resource, release) => {
          done();
          later(release);
        })(() => {});
      },
    },
  };
};
