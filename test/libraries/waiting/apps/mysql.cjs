const { promisify } = require("node:util");

const end = (one) => promisify(one.end).call(one);

/** The common API of `mysql` and `mysql2`. */
module.exports = ({ load, installed, url }) => {
  const mysql = load(installed);
  const sql = "SELECT 1";
  // `end` of its clusters takes no callback.
  const isOldest = installed === "mysql2-1";
  const pool = { make: () => mysql.createPool(`${url}?connectionLimit=1`), end };
  const connection = { make: () => mysql.createConnection(url), end };
  const cluster = {
    make() {
      const made = mysql.createPoolCluster();
      const { hostname: host, port, username: user, password, pathname } = new URL(url);
      const database = pathname.slice(1);
      made.add("one", { host, port: Number(port), user, password, database, connectionLimit: 1 });
      return made;
    },
    end: isOldest ? (one) => one.end() : end,
  };
  const take = (done) => (error, taken) => {
    if (error) return done(error);
    taken.query(sql, (failed) => {
      taken.release();
      done(failed);
    });
  };
  const alike = {
    "pool.query(callback)": { ...pool, ask: (one, done) => void one.query(sql, done) },
    "pool.query(values, callback)": {
      ...pool,
      ask: (one, done) => void one.query("SELECT ?", [1], done),
    },
    "pool.getConnection(callback)": {
      ...pool,
      ask: (one, done) => void one.getConnection(take(done)),
    },
    "events of pool.query": {
      ...pool,
      ask: (one, done) =>
        void one
          .query(sql)
          .once("result", () => done())
          .once("error", done),
    },
    "events of connection.query": {
      ...connection,
      ask: (one, done) =>
        void one
          .query(sql)
          .once("result", () => done())
          .once("error", done),
    },
    "events of connection.query().stream()": {
      ...connection,
      ask: (one, done) =>
        void one
          .query(sql)
          .stream()
          .once("data", () => done())
          .once("error", done),
    },
    "connection.query(callback)": { ...connection, ask: (one, done) => void one.query(sql, done) },
    "connection.ping(callback)": {
      ...connection,
      ask: (one, done) => void one.ping(done),
      calls: 0,
    },
    "connection.changeUser(callback)": {
      ...connection,
      ask: (one, done) => void one.changeUser({}, done),
      calls: 0,
    },
    "cluster.getConnection(callback)": {
      ...cluster,
      ask: (one, done) => void one.getConnection(take(done)),
    },
    "cluster.of().getConnection(callback)": {
      ...cluster,
      ask: (one, done) => void one.of("*").getConnection(take(done)),
    },
    "cluster.of().query(callback)": {
      ...cluster,
      ask: (one, done) => void one.of("*").query(sql, done),
    },
  };
  if (isOldest) delete alike["cluster.of().query(callback)"];
  if (installed === "mysql") return alike;
  const promises = load(`${installed}/promise.js`);
  const promised = {
    make: () => promises.createPool(`${url}?connectionLimit=1`),
    end: (one) => one.end(),
  };
  return {
    ...alike,
    "connection.execute(callback)": {
      ...connection,
      ask: (one, done) => void one.execute(sql, done),
    },
    "pool.execute(callback)": { ...pool, ask: (one, done) => void one.execute(sql, done) },
    "promise pool.query()": {
      ...promised,
      ask: (one) => one.query(sql),
    },
    "promise pool.execute()": {
      ...promised,
      ask: (one) => one.execute(sql),
    },
    "promise pool.getConnection()": {
      ...promised,
      async ask(one, done) {
        const taken = await one.getConnection();
        await taken.query(sql);
        taken.release();
        done();
      },
    },
  };
};
