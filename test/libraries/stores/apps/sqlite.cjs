const { setImmediate: turn } = require("node:timers/promises");
const { setFlagsFromString } = require("node:v8");
const { runInNewContext } = require("node:vm");

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

async function collected() {
  await turn();
  collect();
  await turn();
}

module.exports = async ({ load, installed }) => {
  const library = await load(installed);
  const Database = library.DatabaseSync ?? library;
  const database = new Database(":memory:");
  const select = () => database.prepare("SELECT name FROM items WHERE name = ?");
  const failing = (sql) => {
    try {
      database.exec(sql);
    } catch (error) {
      return error.message;
    }
  };
  const steps = {
    setup: () =>
      void database.exec(
        "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); CREATE TRIGGER seven " +
          "BEFORE INSERT ON items WHEN new.id = 7 BEGIN SELECT RAISE(ABORT, 's3cret'); END",
      ),
    insert: () => void database.prepare("INSERT INTO items VALUES (?, ?)").run(1, "s3cret"),
    get: () => select().get("s3cret"),
    all: () => select().all("s3cret"),
    iterate: () => {
      for (const row of select().iterate("s3cret")) if (row.name === "s3cret") break;
      return [...select().iterate("s3cret")];
    },
    dropped: async () => {
      (() => select().iterate("s3cret").next())();
      for (let time = 0; time < 3; time++) await collected();
    },
    preparing: () => {
      try {
        database.prepare("SELECT 's3cret' FROM missing");
      } catch (error) {
        return error.message;
      }
    },
    literals: () => database.prepare("SELECT name FROM items WHERE name = 's3cret'").get(),
    failing: () => failing("INSERT INTO items VALUES (1, 's3cret')"),
    errors: () => [failing("SELECT 's3cret"), failing("INSERT INTO items VALUES (7, 's3cret')")],
  };
  return { steps, end: () => void database.close() };
};
