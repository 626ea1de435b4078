const { fork, spawn } = require("node:child_process");

const { createServer } = require("node:http");

const server = createServer((_request, response) => response.end("hello"));
server.listen(0, "127.0.0.1", () => console.log(`app ${process.pid}`));
if (process.argv[2] !== "helper") {
  setTimeout(() => fork(__filename, ["helper"], { silent: true }), 300);
  setTimeout(() => spawn("sh", ["-c", "sleep 30"]), 400);
}
