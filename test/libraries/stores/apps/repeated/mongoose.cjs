const ids = [1, 2, 3, 4, 5];

module.exports = async ({ load, url }) => {
  const mongoose = await load("mongoose");
  await mongoose.connect(`${url}/shop`, { autoIndex: false, autoCreate: false });
  const Item = mongoose.model("Item", new mongoose.Schema({ _id: Number, name: String }));
  const steps = {
    async sequential() {
      for (const id of ids) {
        await Item.findById(id); // sequential
      }
    },
    concurrent: () =>
      Promise.all(
        ids.map(
          (id) => Item.findOne({ _id: id }).exec(), // concurrent
        ),
      ),
    async lean() {
      for (const id of ids) {
        await Item.find({ _id: id }).lean(); // lean
      }
    },
  };
  return { steps, end: () => mongoose.disconnect() };
};
