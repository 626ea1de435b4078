import express from "express";

/* Answers 2,000 requests, of which 100 fail, and is done. */
const REQUESTS = 2000;
const FAILS_EVERY = 20;
const AT_ONCE = 20;

const app = express();
app.get("/works", (_request, response) => response.send("yes"));
app.get("/fails", (_request, response) => response.status(500).send("no"));

const server = app.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  let sent = 0;
  const client = async () => {
    while (sent < REQUESTS) {
      const path = sent++ % FAILS_EVERY === 0 ? "/fails" : "/works";
      await (await fetch(url + path)).text();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  server.close();
  server.closeAllConnections();
});
