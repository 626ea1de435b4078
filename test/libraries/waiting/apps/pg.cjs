const make = { end: (pool) => pool.end() };

module.exports = ({ load, installed, url }) => {
  const { Client, Pool, Query } = load(installed);
  const Cursor = load("pg-cursor");
  const QueryStream = load("pg-query-stream");
  const text = "SELECT 1";
  const pool = { ...make, make: () => new Pool({ connectionString: url, max: 1 }) };
  const client = {
    ...make,
    make() {
      const made = new Client({ connectionString: url });
      made.connect(() => {});
      return made;
    },
  };
  return {
    "pool.query()": { ...pool, ask: (one) => one.query(text) },
    "pool.query(callback)": { ...pool, ask: (one, done) => void one.query(text, done) },
    "pool.query(config, callback)": {
      ...pool,
      ask: (one, done) => void one.query({ text, values: [] }, done),
    },
    "pool.connect(callback)": {
      ...pool,
      ask(one, done) {
        one.connect((error, taken, release) => {
          if (error) return done(error);
          taken.query(text, (failed) => {
            release();
            done(failed);
          });
        });
      },
    },
    "pool.connect()": {
      ...pool,
      async ask(one, done) {
        const taken = await one.connect();
        await taken.query(text).finally(() => taken.release());
        done();
      },
    },
    "client.query()": { ...client, ask: (one) => one.query(text) },
    "client.query() with promises of Bluebird": {
      ...make,
      make() {
        const made = new Client({ connectionString: url, Promise: load("bluebird") });
        made.connect(() => {});
        return made;
      },
      ask: (one) => one.query(text),
    },
    "client.query(callback)": { ...client, ask: (one, done) => void one.query(text, done) },
    "read(callback) of a cursor": {
      ...client,
      ask: (one, done) => one.query(new Cursor(text)).read(2, (error) => done(error)),
    },
    "data of a stream": {
      ...client,
      ask: (one, done) =>
        one
          .query(new QueryStream(text))
          .once("data", () => done())
          .resume(),
    },
    "events of a Query": {
      ...client,
      ask(one, done) {
        const query = one.query(new Query(text));
        query.once("row", () => done());
        query.once("error", done);
      },
    },
  };
};
