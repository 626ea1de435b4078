const ids = [1, 2, 3, 4, 5];
const SELECT = "SELECT table_name FROM information_schema.tables WHERE version = ? LIMIT 1";

module.exports = async ({ load, url }) => {
  const { createPool } = await load("mysql2");
  const callbacks = createPool(`${url}?connectionLimit=3`);
  const pool = callbacks.promise();
  const steps = {
    async sequential() {
      for (const id of ids) {
        await pool.query(SELECT, [id]); // sequential
      }
    },
    concurrent: () =>
      Promise.all(
        ids.map(
          (id) => pool.execute(SELECT, [id]), // concurrent
        ),
      ),
    callbacks: () =>
      Promise.all(
        ids.map(
          (id) =>
            new Promise((resolve, reject) => {
              const answer = (error, rows) => (error ? reject(error) : resolve(rows));
              callbacks.query(SELECT, [id], answer); // callbacks
            }),
        ),
      ),
  };
  return { steps, end: () => pool.end() };
};
