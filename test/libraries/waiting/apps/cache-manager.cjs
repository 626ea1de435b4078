/** Three concurrent requests for a value that is being computed. */
module.exports = async ({ load, installed }) => {
  const { caching, createCache } = await load(installed);
  let rounds = 0;
  const later = () => new Promise((resolve) => setTimeout(() => resolve("a"), 5));
  return {
    "wrap()": {
      make: () => (caching === undefined ? createCache() : caching("memory")),
      ask: async (one) => {
        const cache = await one;
        cache.wrap(`key ${Math.floor(rounds++ / 3)}`, later, 1000);
      },
    },
  };
};
