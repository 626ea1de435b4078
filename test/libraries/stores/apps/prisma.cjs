module.exports = async ({ load, url }) => {
  const { PrismaClient } = await load(process.env.PRISMA_CLIENT);
  const { PrismaPg } = await load("@prisma/adapter-pg");
  const { Pool } = await load("pg");
  const pool = new Pool({ connectionString: url });
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  await pool.query("DROP TABLE IF EXISTS prisma_items");
  await pool.query("CREATE TABLE prisma_items (id INT PRIMARY KEY, name TEXT)");
  const steps = {
    insert: () => client.prisma_items.create({ data: { id: 1, name: "s3cret" } }),
    find: () => client.prisma_items.findMany({ where: { name: "s3cret" } }),
    failing: () => client.prisma_items.create({ data: { id: 1 } }).catch((error) => error.code),
    update: () => client.prisma_items.update({ where: { id: 1 }, data: { name: "s3cret2" } }),
  };
  return { steps, end: () => Promise.all([client.$disconnect(), pool.end()]) };
};
