const RAISE = "DO $$BEGIN RAISE EXCEPTION 'no money for s3cret'; END$$";
const SLEEP = "DO $$BEGIN RAISE NOTICE 'started'; PERFORM pg_sleep(600); END$$";

const { Readable } = require("node:stream");
const { pipeline } = require("node:stream/promises");

module.exports = async ({ load, installed, url }) => {
  const postgres = await load(installed);
  const notices = { listener: () => {} };
  const sql = postgres(url, { max: 1, onnotice: (notice) => notices.listener(notice) });
  const steps = {
    setup: async () => {
      await sql`DROP TABLE IF EXISTS items`;
      await sql`CREATE TABLE items (id INT PRIMARY KEY, name TEXT)`;
    },
    insert: () => sql`INSERT INTO items ${sql({ id: 1, name: "s3cret" })}`,
    literals: () => sql`SELECT name FROM items WHERE name = 's3cret'`,
    unsafe: () => sql.unsafe("SELECT name FROM items WHERE name = 's3cret'; SELECT 2"),
    unsafeWithValues: () => sql.unsafe("SELECT name FROM items WHERE name = $1", ["s3cret"]),
    fragments: () => sql`SELECT name FROM ${sql("items")} ${sql`WHERE id = ${1}`}`,
    once: async () => {
      const [query] = [sql`SELECT 1`, sql`SELECT 'never run'`];
      return [await query, await query, await query.execute().finally(() => {})];
    },
    prepared: async () => {
      for (const id of [1, 2]) await sql`SELECT name FROM items WHERE id = ${id}`;
    },
    pipelined: () => Promise.all([1, 2].map((id) => sql`SELECT ${id}::int`)),
    describe: async () => {
      await sql`SELECT id FROM items`.describe();
      return codeOf(sql`SELECT * FROM nothing`.describe());
    },
    failing: () => codeOf(sql`SELECT * FROM nothing`),
    invalid: () => codeOf(sql`SELECT ${"s3cret"}::text::int`),
    unsent: () => codeOf(sql`SELECT ${undefined}`),
    errors: async () => [
      await codeOf(sql.unsafe("SELECT 's3cret")),
      await codeOf(sql.unsafe(RAISE)),
    ],
    missingFile: () => codeOf(sql.file("/nowhere/missing.sql")),
    cancelled: () => {
      const query = sql.unsafe(SLEEP);
      // `cancel` drops the promise of this function. Version 3.0.0 starts a session on the
      // connection of its cancel request, too, so that the server resets it, and rejects.
      const { canceller } = query;
      query.canceller = (cancelled) => canceller(cancelled).catch(() => {});
      notices.listener = () => query.cancel();
      return codeOf(query);
    },
    transaction: () =>
      sql.begin(async (transaction) => {
        await transaction`UPDATE items SET name = ${"s3cret"}`;
        await transaction
          .savepoint((nested) => nested`DELETE FROM items`.then(fail))
          .catch(() => {});
      }),
    rolledBack: () => sql.begin("read only", () => fail()).catch(() => {}),
    listen: async () => {
      const { promise: received, resolve } = Promise.withResolvers();
      const { unlisten } = await sql.listen("orders", resolve);
      await sql.notify("orders", "s3cret");
      await received;
      await unlisten();
    },
    ...rowSteps(sql),
    reserve: async () => {
      const reserved = await sql.reserve();
      await reserved`SELECT 1`.finally(() => reserved.release());
    },
  };
  return { steps, end: () => sql.end() };
};

/** Steps that read or write rows one by one. */
function rowSteps(sql) {
  const division = () => sql`SELECT 1 / (5 - n) FROM generate_series(1, 9) n`;
  const series = () => sql`SELECT n FROM generate_series(1, 999) n`;
  const take = async (rows, count) => {
    let taken = 0;
    for await (const _ of rows) if (++taken === count) break;
    return taken;
  };
  return {
    forEach: () => sql`SELECT id FROM items`.forEach(() => {}),
    cursor: () => sql`SELECT id FROM items`.cursor(2, () => {}),
    cursorLeft: () => take(series().cursor(5), 2),
    cursorRead: () => take(series().cursor(500)),
    cursorFailing: () => codeOf(take(division().cursor(1))),
    copyIn: async () =>
      pipeline(Readable.from(["7\tx\n", "8\ty\n"]), await sql`COPY items FROM STDIN`.writable()),
    copyInFailing: async () => {
      const rows = await sql`COPY items FROM STDIN`.writable();
      return codeOf(pipeline(Readable.from(["s3cret\tx\n"]), rows));
    },
    copyOut: async () => take(await sql`COPY items TO STDOUT`.readable()),
    copyOutFailing: () => codeOf(sql`COPY nothing TO STDOUT`.readable()),
  };
}

async function codeOf(query) {
  try {
    await query;
  } catch (error) {
    return error.code;
  }
}

function fail() {
  throw new Error("no");
}
