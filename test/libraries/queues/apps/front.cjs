const http = require("node:http");
const { once } = require("node:events");

/** Receives orders over HTTP and sends them to the queue. */
exports.front = async (library, modules, print) => {
  const { BROKER, QUEUE } = process.env;
  const sender = await modules.sender(library, BROKER, QUEUE);
  const server = http.createServer(async (request, response) => {
    const { searchParams } = new URL(request.url, "http://shop");
    const order = { id: searchParams.get("id"), failures: Number(searchParams.get("failures")) };
    if (searchParams.has("late")) order.late = true;
    try {
      response.end(JSON.stringify((await sender.send(order)) ?? null));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  print(`http://127.0.0.1:${server.address().port}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    await sender.close();
  };
};
