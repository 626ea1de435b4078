"use strict";
const { fork } = require("node:child_process");
const http = require("node:http");

/*
 * A launcher like PM2: it is not preloaded, and forks three servers that are. It prints
 * the process id of each, and forks another one for each that ends.
 */
if (process.env.SERVER === undefined) launch();
else serve();

function launch() {
  const env = { ...process.env, SERVER: "1", NODE_OPTIONS: process.env.SERVER_OPTIONS };
  const children = new Set();
  let isEnding = false;
  const start = () => {
    const child = fork(__filename, { env });
    children.add(child);
    child.on("message", (message) => console.log(JSON.stringify(message)));
    child.once("exit", () => {
      children.delete(child);
      if (!isEnding) start();
    });
  };
  for (let index = 0; index < 3; index += 1) start();
  process.once("SIGUSR2", () => {
    isEnding = true;
    for (const child of children) child.kill();
  });
}

function serve() {
  process.once("disconnect", () => process.exit());
  const server = http.createServer((_request, response) => response.end(String(process.pid)));
  server.listen(0, "127.0.0.1", () =>
    process.send({ pid: process.pid, port: server.address().port }),
  );
}
