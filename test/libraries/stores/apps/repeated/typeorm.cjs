const ids = [1, 2, 3, 4, 5];

module.exports = async ({ load, url }) => {
  const { DataSource, EntitySchema } = await load("typeorm");
  const Item = new EntitySchema({
    name: "typeorm_n1",
    columns: { id: { type: Number, primary: true }, name: { type: String, nullable: true } },
  });
  const type = url.startsWith("mysql") ? "mysql" : "postgres";
  const source = new DataSource({ type, url, entities: [Item] });
  await source.initialize();
  await source.synchronize();
  const items = source.getRepository(Item);
  const steps = {
    async sequential() {
      for (const id of ids) {
        await items.findOneBy({ id }); // sequential
      }
    },
    concurrent: () =>
      Promise.all(
        ids.map(
          (id) => items.findBy({ id }), // concurrent
        ),
      ),
    async builder() {
      for (const id of ids) {
        await items.createQueryBuilder("item").where("item.id = :id", { id }).getOne(); // builder
      }
    },
  };
  return { steps, end: () => source.destroy() };
};
