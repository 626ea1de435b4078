"use strict";
const cluster = require("node:cluster");
const http = require("node:http");

/*
 * A cluster of four workers. With KILL, one of them is killed with that signal each
 * second. The primary prints the messages that it and the workers receive by `message`.
 */
if (cluster.isPrimary) runPrimary();
else runWorker();

function runPrimary() {
  for (let index = 0; index < 4; index += 1) cluster.fork();
  cluster.on("message", (_worker, message) => console.log(JSON.stringify(message)));
  let isEnding = false;
  cluster.on("exit", () => {
    if (!isEnding) cluster.fork();
  });
  const { KILL: signal } = process.env;
  const killer = setInterval(() => {
    const [id] = Object.keys(cluster.workers);
    if (signal !== undefined && id !== undefined) cluster.workers[id].process.kill(signal);
  }, 1000);
  // Nothing but the app itself may keep it alive then.
  process.once("SIGUSR2", () => {
    isEnding = true;
    clearInterval(killer);
    for (const worker of Object.values(cluster.workers)) worker.disconnect();
  });
}

function runWorker() {
  process.on("message", (message) => process.send({ received: message }));
  const server = http.createServer((request, response) => {
    if (request.url === "/message") process.send({ sent: true });
    if (request.url === "/block") block(Number(process.env.BLOCK_MS));
    response.end("ok");
  });
  server.listen(Number(process.env.PORT));
}

function block(milliseconds) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
