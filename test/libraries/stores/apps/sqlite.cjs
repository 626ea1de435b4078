module.exports = async ({ load, installed }) => {
  const library = await load(installed);
  const Database = library.DatabaseSync ?? library;
  const database = new Database(":memory:");
  const select = () => database.prepare("SELECT name FROM items WHERE name = ?");
  const steps = {
    setup: () => void database.exec("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)"),
    insert: () => void database.prepare("INSERT INTO items VALUES (?, ?)").run(1, "s3cret"),
    get: () => select().get("s3cret"),
    all: () => select().all("s3cret"),
    iterate: () => {
      for (const row of select().iterate("s3cret")) if (row.name === "s3cret") break;
      return [...select().iterate("s3cret")];
    },
    literals: () => database.prepare("SELECT name FROM items WHERE name = 's3cret'").get(),
    failing: () => {
      try {
        database.exec("INSERT INTO items VALUES (1, 's3cret')");
      } catch (error) {
        return error.message;
      }
    },
  };
  return { steps, end: () => void database.close() };
};
