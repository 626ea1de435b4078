const options = {
  mongodb3: { useNewUrlParser: true, useUnifiedTopology: true, poolSize: 1 },
  mongodb33: { useNewUrlParser: true, poolSize: 1 },
  mongodb4: { maxPoolSize: 1 },
};

module.exports = ({ load, installed, url }) => {
  const { MongoClient } = load(installed);
  const client = {
    make() {
      const made = new MongoClient(url, options[installed] ?? { maxPoolSize: 1 });
      return { made, connected: made.connect() };
    },
    end: async ({ made }) => made.close(),
  };
  const find = (made) => made.db("shop").collection("items");
  const ways = {
    "findOne()": {
      ...client,
      async ask({ made, connected }, done) {
        await connected;
        await find(made).findOne({ _id: 1 });
        done();
      },
    },
  };
  // These versions connect by themselves.
  if (!(installed in options)) {
    ways["findOne() without connect()"] = {
      make: () => ({ made: new MongoClient(url, options[installed] ?? { maxPoolSize: 1 }) }),
      end: client.end,
      async ask({ made }, done) {
        await find(made).findOne({ _id: 1 });
        done();
      },
    };
  }
  if (installed in options) {
    ways["findOne(callback)"] = {
      ...client,
      async ask({ made, connected }, done) {
        await connected;
        find(made).findOne({ _id: 1 }, done);
      },
    };
    ways["find().forEach(callback)"] = {
      ...client,
      async ask({ made, connected }, done) {
        await connected;
        find(made)
          .find({ _id: 1 })
          .forEach(() => {}, done);
      },
    };
    ways["find().toArray(callback)"] = {
      ...client,
      async ask({ made, connected }, done) {
        await connected;
        find(made).find({ _id: 1 }).toArray(done);
      },
    };
  }
  return ways;
};
