"use strict";
const cluster = require("node:cluster");
const { existsSync, writeFileSync } = require("node:fs");
const http = require("node:http");

/*
 * A cluster of four workers. With KILL, one of them is killed with that signal when all have
 * served for a second. The primary prints the messages that it and the workers receive by
 * `message`.
 */
if (cluster.isPrimary) runPrimary();
else runWorker();

function runPrimary() {
  for (let index = 0; index < 4; index += 1) cluster.fork();
  cluster.on("message", (_worker, message) => console.log(JSON.stringify(message)));
  let isEnding = false;
  const { KILL: signal } = process.env;
  const serving = new Set();
  let killer;
  cluster.on("listening", (worker) => {
    serving.add(worker);
    if (signal === undefined || serving.size < 4 || isEnding) return;
    const [oldest] = serving;
    killer = setTimeout(() => oldest.process.kill(signal), 1000);
  });
  cluster.on("exit", (worker) => {
    serving.delete(worker);
    if (!isEnding) cluster.fork();
  });
  // Nothing but the app itself may keep it alive then.
  process.once("SIGUSR2", () => {
    isEnding = true;
    clearTimeout(killer);
    for (const worker of Object.values(cluster.workers)) worker.disconnect();
  });
}

function runWorker() {
  process.on("message", (message) => process.send({ received: message }));
  const server = http.createServer((request, response) => {
    if (request.url === "/message") process.send({ sent: true });
    if (request.url === "/block") blockWith(process.env.BLOCK_FILE);
    response.end("ok");
  });
  server.listen(Number(process.env.PORT));
}

/** Keeps the process busy until its test removes the file, or has failed long ago. */
function blockWith(file) {
  const end = performance.now() + 60_000;
  writeFileSync(file, "");
  while (existsSync(file) && performance.now() < end);
}
