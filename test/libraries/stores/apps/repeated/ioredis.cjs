const ids = [1, 2, 3, 4, 5];

module.exports = async ({ load, url }) => {
  const Redis = await load("ioredis");
  const client = new Redis(url);
  const steps = {
    async sequential() {
      for (const id of ids) {
        await client.get(`user:${id}`); // sequential
      }
    },
    concurrent: () =>
      Promise.all(
        ids.map(
          (id) => client.hgetall(`user:${id}:cart`), // concurrent
        ),
      ),
  };
  return { steps, end: () => client.quit() };
};
