const ids = [1, 2, 3, 4, 5];

module.exports = async ({ load, url }) => {
  const { PrismaClient } = await load(process.env.PRISMA_CLIENT);
  const { PrismaPg } = await load("@prisma/adapter-pg");
  const { Pool } = await load("pg");
  const pool = new Pool({ connectionString: url });
  await pool.query("CREATE TABLE IF NOT EXISTS prisma_items (id INT PRIMARY KEY, name TEXT)");
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  const steps = {
    async sequential() {
      for (const id of ids) {
        await client.prisma_items.findMany({ where: { name: `item ${id}` } }); // sequential
      }
    },
    concurrent: () =>
      Promise.all(
        ids.map(
          (id) => client.prisma_items.findFirst({ where: { name: `item ${id}` } }), // concurrent
        ),
      ),
    async unique() {
      for (const id of ids) {
        await client.prisma_items.findUnique({ where: { id } }); // unique
      }
    },
    async raw() {
      for (const id of ids) {
        await client.$queryRaw`SELECT ${id}::int AS id FROM pg_class LIMIT 1`; // raw
      }
    },
    async transaction() {
      await client.$transaction(async (inside) => {
        for (const id of ids) {
          await inside.prisma_items.count({ where: { name: `item ${id}` } }); // transaction
        }
      });
    },
  };
  return { steps, end: () => Promise.all([client.$disconnect(), pool.end()]) };
};
