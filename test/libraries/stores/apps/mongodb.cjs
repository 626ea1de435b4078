/** In version 3, the oldest driver uses the old topology and the newest the unified one. */
const options = {
  mongodb3: { useNewUrlParser: true, useUnifiedTopology: true, poolSize: 1 },
  mongodb33: { useNewUrlParser: true, poolSize: 1 },
};

module.exports = async ({ load, installed, url }) => {
  const { MongoClient } = await load(installed);
  const client = new MongoClient(url, options[installed] ?? { maxPoolSize: 1 });
  await client.connect();
  const items = client.db("shop").collection("items");
  const steps = {
    setup: () => items.drop().catch(() => {}),
    insert: () => items.insertOne({ _id: 1, name: "s3cret" }),
    insertMany: () =>
      items.insertMany([
        { _id: 2, name: "s3cret" },
        { _id: 3, name: "s3cret" },
      ]),
    find: () => items.find({ name: "s3cret", _id: { $in: [1, 2, 3] } }).toArray(),
    more: () => items.find({}, { batchSize: 2 }).toArray(),
    update: () => items.updateOne({ _id: 1 }, { $set: { name: "s3cret2" } }),
    aggregate: () => items.aggregate([{ $match: { name: "s3cret" } }]).toArray(),
    duplicate: () => items.insertOne({ _id: 1 }).catch((error) => error.code),
    failing: () =>
      client
        .db("shop")
        .command({ nonsense: "s3cret" })
        .catch((error) => error.code),
    parallel: () => Promise.all([items.findOne({ _id: 1 }), items.findOne({ _id: 2 })]),
    remove: () => items.deleteMany({ name: "s3cret" }),
  };
  if (installed in options) {
    // Errors are recorded on their spans.
    steps.callbacks = () =>
      new Promise((resolve) => {
        items.findOne({ _id: 1 }, () => items.deleteMany({ name: "s3cret" }, () => resolve()));
      });
  }
  return { steps, end: () => client.close() };
};
