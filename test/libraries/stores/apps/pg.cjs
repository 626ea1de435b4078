const RAISE = "DO $$BEGIN RAISE EXCEPTION 'no money for s3cret'; END$$";

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
  return { steps, end: () => pool.end() };
};
