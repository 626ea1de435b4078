const ids = [1, 2, 3, 4, 5];

module.exports = async ({ load, url }) => {
  const { MongoClient } = await load("mongodb");
  const client = new MongoClient(url);
  await client.connect();
  const items = client.db("shop").collection("items");
  const steps = {
    async sequential() {
      for (const id of ids) {
        await items.findOne({ _id: id }); // sequential
      }
    },
    concurrent: () =>
      Promise.all(
        ids.map(
          (id) => items.find({ _id: id }).toArray(), // concurrent
        ),
      ),
  };
  return { steps, end: () => client.close() };
};
