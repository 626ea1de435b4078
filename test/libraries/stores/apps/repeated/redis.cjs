const ids = [1, 2, 3, 4, 5];

module.exports = async ({ load, url }) => {
  const { createClient } = await load("redis");
  const client = createClient({ url });
  await client.connect();
  const steps = {
    async sequential() {
      for (const id of ids) {
        await client.get(`user:${id}`); // sequential
      }
    },
    concurrent: () =>
      Promise.all(
        ids.map(
          (id) => client.hGetAll(`user:${id}:cart`), // concurrent
        ),
      ),
  };
  return { steps, end: () => client.quit() };
};
