const old = { useNewUrlParser: true, useUnifiedTopology: true, poolSize: 1 };

module.exports = ({ load, installed, url }) => {
  const mongoose = load(installed);
  const schema = new mongoose.Schema({ _id: Number, name: String });
  let last = 0;
  const connect = () => {
    const more = installed === "mongoose5" ? old : { maxPoolSize: 1 };
    const made = mongoose.createConnection(`${url}/waiting`, {
      ...{ autoIndex: false, autoCreate: false },
      ...more,
    });
    return { made, Item: made.model("Item", schema) };
  };
  /** Operations before the connection is open are queued; version 6.0 cannot queue a find. */
  const connection = { make: connect, end: ({ made }) => made.close() };
  const connected = {
    ...connection,
    make() {
      const { made, Item } = connect();
      return { made, Item, ready: made.asPromise?.() };
    },
  };
  const finding = installed === "mongoose6" ? connected : connection;
  const item = () => ({ _id: Date.now() * 1000 + last++ });
  const whenReady = (ready, Item) =>
    ready === undefined ? Item.find({}).exec() : ready.then(() => Item.find({}).exec());
  const ways = {
    "await find()": {
      ...finding,
      async ask({ Item, ready }, done) {
        await ready;
        await Item.find({});
        done();
      },
    },
    "find().exec().then()": { ...finding, ask: ({ Item, ready }) => whenReady(ready, Item) },
    "create().then()": {
      ...connection,
      ask: ({ Item }) => Item.create(item()),
    },
  };
  if (installed === "mongoose") return ways;
  return {
    ...ways,
    "create(callback)": { ...connection, ask: ({ Item }, done) => void Item.create(item(), done) },
    "find(callback)": {
      ...finding,
      async ask({ Item, ready }, done) {
        await ready;
        Item.find({}, done);
      },
    },
  };
};
