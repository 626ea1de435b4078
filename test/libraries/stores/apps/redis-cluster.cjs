module.exports = async ({ load, installed, url }) => {
  const library = await load(installed);
  const { hostname: host, port } = new URL(url);
  const open = async () => {
    if (!library.createCluster) return new library.Cluster([{ host, port: Number(port) }]);
    const cluster = library.createCluster({ rootNodes: [{ url }] });
    await cluster.connect();
    return cluster;
  };
  const others = [];
  const client = await open();
  const steps = {
    connecting: async () => {
      const other = await open();
      others.push(other);
      await other.get("item:1");
    },
    set: () => client.set("item:1", "s3cret"),
    get: () => Promise.all([client.get("item:1"), client.get("item:2")]),
  };
  return { steps, end: () => Promise.all([client, ...others].map((one) => one.quit())) };
};
