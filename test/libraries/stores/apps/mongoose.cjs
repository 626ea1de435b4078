module.exports = async ({ load, installed, url }) => {
  const mongoose = await load(installed);
  const old = { useNewUrlParser: true, useUnifiedTopology: true };
  await mongoose.connect(`${url}/shop`, {
    ...{ autoIndex: false, autoCreate: false },
    ...(installed === "mongoose5" && old),
  });
  const Item = mongoose.model("Item", new mongoose.Schema({ _id: Number, name: String }));
  const steps = {
    setup: () => Item.deleteMany({}),
    insert: () =>
      Item.insertMany([
        { _id: 1, name: "s3cret" },
        { _id: 2, name: "s3cret" },
      ]),
    find: () => Item.find({ name: "s3cret" }),
    update: () => Item.updateOne({ _id: 1 }, { name: "s3cret2" }),
    duplicate: () => Item.create({ _id: 1 }).catch((error) => error.code),
    remove: () => Item.deleteMany({}),
  };
  return { steps, end: () => mongoose.disconnect() };
};
