/** Callbacks that are pending on one promise. */
module.exports = ({ load, installed }) => {
  const Bluebird = load(installed);
  // All promises share the queue that calls back.
  const turn = {
    make: () => Bluebird.delay(5),
  };
  return {
    "tap()": { ...turn, ask: (one, done) => void one.tap(() => done()) },
    "map()": { ...turn, ask: (one, done) => void one.return([1]).map(() => done()) },
    "Bluebird.map()": {
      ...turn,
      ask: (one, done) => void Bluebird.map([one, 1], () => done(), { concurrency: 1 }),
    },
    "filter()": { ...turn, ask: (one, done) => void one.return([1]).filter(() => done()) },
    "reduce()": {
      ...turn,
      ask: (one, done) =>
        void Bluebird.reduce(
          [1, one],
          () => done(),
          () => 0,
        ),
    },
    "each()": { ...turn, ask: (one, done) => void one.return([1]).each(() => done()) },
    "mapSeries()": { ...turn, ask: (one, done) => void one.return([1]).mapSeries(() => done()) },
    "join()": { ...turn, ask: (one, done) => void Bluebird.join(one, 1, () => done()) },
    "asCallback()": { ...turn, ask: (one, done) => void one.asCallback((error) => done(error)) },
  };
};
