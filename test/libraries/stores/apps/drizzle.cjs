module.exports = async ({ load, installed, url }) => {
  const { drizzle } = await load(`${installed}/node-postgres`);
  const { eq } = await load(installed);
  const { integer, pgTable, text } = await load(`${installed}/pg-core`);
  const { Pool } = await load("pg");
  const pool = new Pool({ connectionString: url });
  const database = drizzle(pool);
  const items = pgTable("drizzle_items", { id: integer("id").primaryKey(), name: text("name") });
  await pool.query("DROP TABLE IF EXISTS drizzle_items");
  await pool.query("CREATE TABLE drizzle_items (id INT PRIMARY KEY, name TEXT)");
  const steps = {
    insert: () =>
      database
        .insert(items)
        .values({ id: 1, name: "s3cret" })
        .then(() => {}),
    find: () => database.select().from(items).where(eq(items.name, "s3cret")),
    failing: () =>
      database
        .insert(items)
        .values({ id: 1 })
        .catch((error) => (error.cause ?? error).code),
    update: () =>
      database
        .update(items)
        .set({ name: "s3cret2" })
        .where(eq(items.id, 1))
        .then(() => {}),
  };
  return { steps, end: () => pool.end() };
};
