const ids = [1, 2, 3, 4, 5];

module.exports = async ({ load, url }) => {
  const { drizzle } = await load("drizzle-orm/node-postgres");
  const { eq } = await load("drizzle-orm");
  const { integer, pgTable, text } = await load("drizzle-orm/pg-core");
  const { Pool } = await load("pg");
  const pool = new Pool({ connectionString: url, max: 3 });
  const items = pgTable("drizzle_n1", { id: integer("id").primaryKey(), name: text("name") });
  await pool.query("CREATE TABLE IF NOT EXISTS drizzle_n1 (id INT PRIMARY KEY, name TEXT)");
  const database = drizzle(pool, { schema: { items } });
  const steps = {
    async sequential() {
      for (const id of ids) {
        await database.select().from(items).where(eq(items.id, id)); // sequential
      }
    },
    async concurrent() {
      await Promise.all(ids.map((id) => database.select().from(items).where(eq(items.id, id)))); // concurrent
    },
    async query() {
      for (const id of ids) {
        await database.query.items.findFirst({ where: eq(items.id, id) }); // query
      }
    },
    concurrentAsync: () =>
      Promise.all(
        ids.map(async (id) => {
          const rows = await database.select().from(items).where(eq(items.id, id)); // concurrentAsync
          return rows.length;
        }),
      ),
  };
  return { steps, end: () => pool.end() };
};
