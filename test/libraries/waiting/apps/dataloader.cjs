module.exports = ({ load, installed }) => {
  const DataLoader = load(installed);
  let last = 0;
  const loader = {
    make: () =>
      new DataLoader((keys) => new Promise((resolve) => setTimeout(() => resolve(keys), 5)), {
        cache: false,
      }),
  };
  return {
    "load().then()": {
      ...loader,
      ask: (one) => one.load(last++),
    },
    "await loadMany()": {
      ...loader,
      async ask(one, done) {
        await one.loadMany([last++]);
        done();
      },
      calls: "any",
    },
  };
};
