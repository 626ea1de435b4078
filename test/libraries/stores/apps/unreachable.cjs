/* Opens clients of Redis in each version to a port that is closed. */
const [, , ...packages] = process.argv;
const PORT = 1;
const ignore = () => {};

for (const name of packages) {
  if (name.startsWith("ioredis")) openIoredis(require(name));
  else openRedis(require(name));
}
process.stdout.write("open\n");
// Keeps the process running: some clients give up.
setInterval(ignore, 1000);

function openIoredis(Redis) {
  const client = new Redis({ host: "127.0.0.1", port: PORT, maxRetriesPerRequest: null });
  client.on("error", ignore);
  client.get("a").catch(ignore);
}

function openRedis({ createClient }) {
  const client = createClient({
    host: "127.0.0.1",
    port: PORT,
    socket: { host: "127.0.0.1", port: PORT },
  });
  client.on("error", ignore);
  // Versions 2 and 3 connect by themselves.
  if (client.connect === undefined) client.get("a", ignore);
  else client.connect().catch(ignore);
}
