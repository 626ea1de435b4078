/** Libraries over `pg`, with one connection. */
module.exports = ({ load, installed, url }) => {
  const text = "SELECT 1 AS waiting";
  const make = {
    knex() {
      const { knex } = load(installed);
      return knex({ client: "pg", connection: url, pool: { min: 0, max: 1 } });
    },
    sequelize() {
      const { Sequelize } = load(installed);
      return new Sequelize(url, { logging: false, pool: { max: 1 } });
    },
    typeorm() {
      const { DataSource } = load(installed);
      const source = new DataSource({ type: "postgres", url, extra: { max: 1 } });
      return { source, ready: source.initialize() };
    },
    drizzle() {
      const { Pool } = load("pg");
      const pool = new Pool({ connectionString: url, max: 1 });
      return { pool, database: load(`${installed}/node-postgres`).drizzle(pool) };
    },
  };
  const name = installed.replace(/-orm|\d/g, "");
  const ask = {
    knex: (one) => one.raw(text),
    sequelize: (one) => one.query(text),
    typeorm: ({ source, ready }) => ready.then(() => source.query(text)),
    drizzle: ({ database }) => database.execute(text),
  }[name];
  const end = {
    knex: (one) => one.destroy(),
    sequelize: (one) => one.close(),
    typeorm: ({ source }) => source.destroy(),
    drizzle: ({ pool }) => pool.end(),
  }[name];
  return {
    await: {
      make: make[name],
      end,
      async ask(one, done) {
        await ask(one);
        done();
      },
    },
    "then()": { make: make[name], end, ask: (one) => ask(one) },
  };
};
