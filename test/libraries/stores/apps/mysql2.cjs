const { createServer } = require("node:net");

module.exports = async ({ load, installed, url }) => {
  const mysql = await load(installed);
  const promises = await load(`${installed}/promise.js`);
  const connection = mysql.createConnection(url);
  const pool = mysql.createPool(`${url}?connectionLimit=1`);
  const promisePool = promises.createPool(url);
  const steps = {
    exhausted: async () => {
      const silent = createServer((socket) => socket.on("error", () => {}));
      await new Promise((resolve) => silent.listen(0, "127.0.0.1", resolve));
      const { port } = silent.address();
      const other = mysql.createPool({ host: "127.0.0.1", port, connectTimeout: 50 });
      const refused = await new Promise((resolve) => {
        other.getConnection((error) => resolve(error?.code));
      });
      silent.close();
      await ended(other);
      return refused;
    },
    setup: async () => {
      await promisePool.query("DROP TABLE IF EXISTS items");
      await promisePool.query("CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(100))");
    },
    insert: () => promisePool.query("INSERT INTO items VALUES (?, ?)", [1, "s3cret"]),
    literals: () => promisePool.query('SELECT `name` FROM `items` WHERE name = "s3cret" # s3cret'),
    execute: () => promisePool.execute("SELECT name FROM items WHERE name = ?", ["s3cret"]),
    failing: () =>
      promisePool.query("INSERT INTO items VALUES (1, 's3cret')").catch((error) => error.code),
    failingExecute: () => promisePool.execute("SELECT * FROM nothing").catch((error) => error.code),
    callback: () =>
      new Promise((resolve, reject) => {
        connection.query("SELECT 1", (error) => {
          if (error) return reject(error);
          connection.execute("SELECT ? + 1", [1], (again) => (again ? reject(again) : resolve()));
        });
      }),
    prepared: () =>
      new Promise((resolve, reject) => {
        connection.prepare("SELECT name FROM items WHERE id = ?", (error, statement) => {
          if (error) return reject(error);
          statement.execute([1], (again) => (again ? reject(again) : resolve(statement.close())));
        });
      }),
    pool: () =>
      Promise.all(
        [1, 2].map(
          (id) =>
            new Promise((resolve, reject) => {
              const answer = (error, rows) => (error ? reject(error) : resolve(rows));
              pool.query({ sql: "SELECT name FROM items WHERE id = ?", values: [id] }, answer);
            }),
        ),
      ),
    events: () =>
      new Promise((resolve, reject) => {
        const query = connection.query("SELECT id FROM items");
        query
          .on("result", () => {})
          .once("error", reject)
          .once("end", resolve);
      }),
    errors: async () => [
      await promisePool.query("INSERT INTO items (id) VALUES (?)", ["s3cret"]).catch(String),
      await promisePool
        .query("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no money for s3cret'")
        .catch((error) => error.code),
    ],
    preparing: () =>
      promisePool.getConnection().then((one) =>
        one
          .prepare("SELECT 's3cret' FROM nothing")
          .catch((error) => error.code)
          .finally(() => one.release()),
      ),
    destroyed: async () => {
      const one = await promises.createConnection(url);
      one.on("error", () => {});
      one.query("SELECT SLEEP(9)").catch(() => {});
      await promisePool.query("SELECT ? + 1", [1]);
      one.destroy();
    },
    stream: () => take(connection.query("SELECT seq FROM seq_1_to_999").stream()),
    streamLeft: () => take(connection.query("SELECT seq FROM seq_1_to_999").stream(), 2),
    streamFailing: () =>
      take(connection.query("SELECT * FROM nothing").stream()).catch((error) => error.code),
    transaction: async () => {
      const one = await promisePool.getConnection();
      await one.beginTransaction();
      await one.query("UPDATE items SET name = 's3cret'");
      await one.rollback();
      one.release();
    },
  };
  const end = () => Promise.all([promisePool.end(), ...[connection, pool].map(ended)]);
  return { steps, end };
};

async function take(rows, count) {
  let taken = 0;
  for await (const _ of rows) if (++taken === count) break;
  return taken;
}

const ended = (some) => new Promise((resolve) => some.end(resolve));
