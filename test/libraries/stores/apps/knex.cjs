module.exports = async ({ load, installed, url }) => {
  const { knex } = await load(installed);
  const client = url.startsWith("mysql") ? "mysql2" : "pg";
  const database = knex({ client, connection: url });
  const items = () => database("knex_items");
  await database.schema.dropTableIfExists("knex_items");
  await database.schema.createTable("knex_items", (table) => {
    table.integer("id").primary();
    table.string("name");
  });
  const steps = {
    insert: () =>
      items()
        .insert({ id: 1, name: "s3cret" })
        .then(() => {}),
    find: () => items().where({ name: "s3cret" }).select("id"),
    failing: () =>
      items()
        .insert({ id: 1, name: "s3cret" })
        .catch((error) => error.code),
    stream: () => take(items().select("id").stream()),
    streamLeft: () => take(items().select("id").stream(), 1),
    update: () =>
      database.transaction((transaction) => transaction("knex_items").update({ name: "s3cret2" })),
  };
  return { steps, end: () => database.destroy() };
};

async function take(rows, count) {
  let taken = 0;
  for await (const _ of rows) if (++taken === count) break;
  return taken;
}
