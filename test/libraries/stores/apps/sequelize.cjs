module.exports = async ({ load, installed, url }) => {
  const { Sequelize, DataTypes } = await load(installed);
  const database = new Sequelize(url, { logging: false });
  const Item = database.define(
    "sequelize_items",
    { id: { type: DataTypes.INTEGER, primaryKey: true }, name: DataTypes.STRING },
    { timestamps: false },
  );
  await Item.sync({ force: true });
  const steps = {
    insert: () => Item.create({ id: 1, name: "s3cret" }).then(() => {}),
    find: () => Item.findAll({ where: { name: "s3cret" } }),
    failing: () => Item.create({ id: 1 }).catch((error) => error.name),
    update: () => Item.update({ name: "s3cret2" }, { where: { id: 1 } }),
  };
  return { steps, end: () => database.close() };
};
