module.exports = async ({ load, installed, url }) => {
  const library = await load(installed);
  const { hostname: host, port } = new URL(url);
  const client = library.createCluster
    ? library.createCluster({ rootNodes: [{ url }] })
    : new library.Cluster([{ host, port: Number(port) }]);
  if (library.createCluster) await client.connect();
  const steps = {
    set: () => client.set("item:1", "s3cret"),
    get: () => Promise.all([client.get("item:1"), client.get("item:2")]),
  };
  return { steps, end: () => client.quit() };
};
