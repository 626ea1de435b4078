import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { DatabaseSync } from "node:sqlite";

const database = new DatabaseSync(":memory:");
const select = database.prepare("SELECT ? AS id");

function handle(request, response) {
  select.get(1);
  select.get(2);
  switch (request.url) {
    case "/stream":
      response.write("one ");
      setImmediate(() => response.end("two"));
      break;
    case "/own":
      response.setHeader("X-Query-Count", "mine");
      response.writeHead(200, { "content-length": 2, "server-timing": "mine" });
      response.end("{}");
      break;
    case "/length":
      response.writeHead(200, { "Content-Length": 2 });
      response.end("{}");
      break;
    case "/empty":
      response.writeHead(204);
      response.end();
      break;
    default:
      response.end("{}");
  }
}

const servers = [createServer(handle), createHttp2Server(handle)];
for (const server of servers) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}
console.log(servers.map((server) => server.address().port).join(" "));
