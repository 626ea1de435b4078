module.exports = async ({ load, installed, url }) => {
  const { DataSource, EntitySchema } = await load(installed);
  const Item = new EntitySchema({
    name: "typeorm_items",
    columns: { id: { type: Number, primary: true }, name: { type: String, nullable: true } },
  });
  const type = url.startsWith("mysql") ? "mysql" : "postgres";
  const source = new DataSource({ type, url, entities: [Item] });
  await source.initialize();
  await source.query("DROP TABLE IF EXISTS typeorm_items");
  await source.synchronize();
  const items = source.getRepository(Item);
  const steps = {
    insert: () => items.insert({ id: 1, name: "s3cret" }).then(() => {}),
    find: () => items.findBy({ name: "s3cret" }),
    failing: () => items.insert({ id: 1 }).catch((error) => error.code),
    stream: () => take(source),
    streamLeft: () => take(source, 1),
    update: () => items.update({ id: 1 }, { name: "s3cret2" }).then(() => {}),
  };
  return { steps, end: () => source.destroy() };
};

async function take(source, count) {
  const runner = source.createQueryRunner();
  let taken = 0;
  for await (const _ of await runner.stream("SELECT id FROM typeorm_items")) {
    if (++taken === count) break;
  }
  await runner.release();
  return taken;
}
