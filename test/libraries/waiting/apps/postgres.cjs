module.exports = ({ load, installed, url }) => {
  const postgres = load(installed);
  const client = { make: () => postgres(url, { max: 1 }), end: (sql) => sql.end() };
  const ways = {
    "await sql``": { ...client, ask: async (sql) => void (await sql`SELECT 1`) },
    "sql``.then()": { ...client, ask: (sql) => sql`SELECT ${1}::int`.then(({ length }) => length) },
    "sql``.finally(callback)": {
      ...client,
      ask: (sql, done) => void sql`SELECT 1`.finally(done),
    },
    "sql``.execute()": {
      ...client,
      ask: async (sql) => void (await sql`SELECT 1`.execute()),
    },
    "sql.unsafe()": { ...client, ask: (sql) => sql.unsafe("SELECT 1").then(() => {}) },
    "callback of sql``.forEach()": {
      ...client,
      ask: (sql, done) => sql`SELECT 1`.forEach(() => done()),
    },
    "sql.begin()": {
      ...client,
      ask: (sql, done) =>
        sql.begin(async (transaction) => {
          await transaction`SELECT 1`;
          done();
        }),
    },
    "data of sql``.readable()": {
      ...client,
      async ask(sql, done) {
        const rows = await sql`COPY (SELECT 1) TO STDOUT`.readable();
        rows.once("data", () => done()).resume();
      },
    },
  };
  // Neither in the oldest version: it has no `reserve`, and its queued cursors never end.
  if (postgres(url).reserve === undefined) return ways;
  return {
    ...ways,
    "callback of sql``.cursor()": {
      ...client,
      ask: (sql, done) => sql`SELECT 1`.cursor(2, () => done()),
    },
    "for await of sql``.cursor()": {
      ...client,
      async ask(sql, done) {
        for await (const _ of sql`SELECT n FROM generate_series(1, 3) n`.cursor(2)) done();
      },
    },
    "sql.reserve()": {
      ...client,
      async ask(sql, done) {
        const reserved = await sql.reserve();
        await reserved`SELECT 1`.finally(() => reserved.release());
        done();
      },
    },
  };
};
