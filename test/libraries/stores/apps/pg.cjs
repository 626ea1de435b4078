const RAISE = "DO $$BEGIN RAISE EXCEPTION 'no money for s3cret'; END$$";

const { Readable } = require("node:stream");
const { pipeline } = require("node:stream/promises");

module.exports = async ({ load, installed, url }) => {
  const { Client, Pool } = await load(installed);
  const pool = new Pool({ connectionString: url, max: 1 });
  const steps = {
    setup: async () => {
      await pool.query("DROP TABLE IF EXISTS items");
      await pool.query("CREATE TABLE items (id INT PRIMARY KEY, name TEXT)");
    },
    insert: () => pool.query("INSERT INTO items VALUES ($1, $2)", [1, "s3cret"]).then(() => {}),
    literals: () => pool.query("SELECT name FROM items WHERE name = 's3cret'").then(() => {}),
    named: () =>
      pool.query({ name: "one", text: "SELECT name FROM items WHERE id = $1", values: [1] }),
    failing: () => pool.query("SELECT * FROM nothing").catch((error) => error.code),
    invalid: () => pool.query("SELECT $1::int", ["s3cret"]).catch((error) => error.code),
    exhausted: async () => {
      const small = new Pool({ connectionString: url, max: 1 });
      const held = await small.connect();
      // On a busy machine the first one may take longer.
      small.options.connectionTimeoutMillis = 50;
      const refused = await small.connect().catch((error) => error.message);
      held.release();
      await small.end();
      return refused;
    },
    waiting: () => Promise.all([1, 2].map((id) => pool.query("SELECT $1::int", [id]))),
    errors: async () => [
      await pool.query("SELECT 's3cret").catch((error) => error.code),
      await pool.query(RAISE).catch((error) => error.code),
    ],
    callback: () =>
      new Promise((resolve, reject) => {
        const client = new Client({ connectionString: url });
        client.connect((error) => {
          if (error) return reject(error);
          client.query("SELECT 1", (again) => {
            if (again) return reject(again);
            client.query("SELECT 2", (last) => client.end(() => (last ? reject(last) : resolve())));
          });
        });
      }),
  };
  const client = new Client({ connectionString: url });
  await client.connect();
  const Cursor = await load("pg-cursor");
  const streams = streamSteps(client, {
    Cursor,
    QueryStream: await load("pg-query-stream"),
    copy: await load("pg-copy-streams"),
  });
  return { steps: { ...steps, ...streams }, end: () => Promise.all([pool.end(), client.end()]) };
};

/** Steps with objects that implement `submit`. */
function streamSteps(client, { Cursor, QueryStream, copy }) {
  const rowsOf = (text, ...args) => client.query(new QueryStream(text, ...args));
  const take = async (rows, count) => {
    let taken = 0;
    for await (const _ of rows) if (++taken === count) break;
    return taken;
  };
  const load = (...lines) =>
    pipeline(Readable.from(lines), client.query(copy.from("COPY items FROM STDIN")));
  return {
    cursor: async () => {
      const cursor = client.query(new Cursor("SELECT name FROM items WHERE id < $1", [9]));
      while ((await cursor.read(1)).length > 0);
      await cursor.close();
    },
    cursorLeft: async () => {
      const cursor = client.query(new Cursor("SELECT n FROM generate_series(1, 999) n"));
      await cursor.read(2);
      await cursor.close();
    },
    cursorFailing: () =>
      client
        .query(new Cursor("SELECT 1 / (1 - n) FROM generate_series(1, 9) n"))
        .read(5)
        .catch((error) => error.code),
    rows: () => take(rowsOf("SELECT id FROM items")),
    rowsLeft: () =>
      take(rowsOf("SELECT n FROM generate_series(1, 999) n", [], { batchSize: 5 }), 2),
    rowsFailing: () =>
      take(rowsOf("SELECT 1 / (5 - n) FROM generate_series(1, 9) n")).catch((error) => error.code),
    copyIn: () => load("7\tx\n", "8\ty\n"),
    copyInFailing: () => load("s3cret\tx\n").catch((error) => error.code),
    copyInLeft: async () => {
      const rows = client.query(copy.from("COPY items FROM STDIN"));
      const closed = new Promise((resolve) => rows.once("error", () => {}).once("close", resolve));
      rows.write("9\tz\n", () => rows.destroy());
      await closed;
    },
    copyOut: () => take(client.query(copy.to("COPY items TO STDOUT"))),
    copyOutFailing: () =>
      take(client.query(copy.to("COPY nothing TO STDOUT"))).catch((error) => error.code),
  };
}
