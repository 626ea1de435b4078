// A shop whose functions block or allocate. Prints its ports.
import http2 from "node:http2";
import express from "express";
import { job } from "telltale";

export function priceOfCart(ms) {
  const until = performance.now() + ms;
  let sum = 0;
  while (performance.now() < until) {
    for (let at = 0; at < 10_000; at++) sum += Math.sqrt(at) % 3;
  }
  return sum;
}

export function loadCatalogue(count) {
  const items = [];
  for (let at = 0; at < count; at++) items.push({ at, sizes: [at, at, at] });
  return items;
}

const app = express();
app.get("/carts/:id", (request, response) => {
  priceOfCart(200);
  response.json({ url: request.originalUrl, query: request.query, headers: request.headers });
});
app.get("/catalogue", (request, response) => {
  response.json({ count: loadCatalogue(20_000).length });
});
app.get("/stream", async (request, response) => {
  for (let at = 0; at < 4; at++) {
    priceOfCart(30);
    response.write(`${at}\n`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  response.end();
});
const waiting = [];
app.get("/waits", (request, response) => {
  waiting.push(response);
  process.stdout.write(`waiting: ${waiting.length}\n`);
});
app.get("/continue", (request, response) => {
  for (const one of waiting.splice(0)) one.end();
  response.json({ waited: true });
});
app.get("/job", (request, response) => {
  job("prices", () => priceOfCart(200))();
  response.end();
});

const server = app.listen(0, "127.0.0.1", () => {
  const streams = http2.createServer((request, response) => {
    priceOfCart(200);
    response.end(request.url);
  });
  streams.listen(0, "127.0.0.1", () => {
    const ports = { port: server.address().port, http2Port: streams.address().port };
    process.stdout.write(`${JSON.stringify(ports)}\n`);
  });
});
