const ids = [1, 2, 3, 4, 5];

module.exports = async ({ load, url }) => {
  const { Pool } = await load("pg");
  const pool = new Pool({ connectionString: url, max: 3 });
  const steps = {
    async sequential() {
      for (const id of ids) {
        await pool.query("SELECT $1::int AS id FROM pg_class LIMIT 1", [id]); // sequential
      }
    },
    concurrent: () =>
      Promise.all(
        ids.map(
          (id) => pool.query("SELECT $1::int AS id FROM pg_class LIMIT 1", [id]), // concurrent
        ),
      ),
    async client() {
      const client = await pool.connect();
      for (const id of ids) {
        await client.query({ text: "SELECT $1::int AS id FROM pg_class LIMIT 1", values: [id] }); // client
      }
      client.release();
    },
    callbacks: () =>
      Promise.all(
        ids.map(
          (id) =>
            new Promise((resolve, reject) => {
              const answer = (error, result) => (error ? reject(error) : resolve(result.rows));
              pool.query(`SELECT ${id} AS id FROM pg_class LIMIT 1`, answer); // callbacks
            }),
        ),
      ),
  };
  return { steps, end: () => pool.end() };
};
