/** What waits for one promise of all. */
module.exports = ({ load, installed }) => {
  const Bluebird = load(installed);
  // The queue that calls back is one of all promises.
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
