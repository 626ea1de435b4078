import { createRequire } from "node:module";
import express from "express";
import { Pool } from "pg";

/* A shop with prices in PostgreSQL and sessions in Redis. Faults are planted in these, not here. */
const stores = createRequire(new URL("../../../libraries/stores/package.json", import.meta.url));
const { Redis } = stores("ioredis");
const { DATABASE_URL, PORT, REDIS_URL } = process.env;

const pool = new Pool({ connectionString: DATABASE_URL, max: 60 });
// Without a listener, a connection that the server closes ends the process.
pool.on("error", () => {});
// BullMQ requires this option: commands wait for Redis, however long it is down.
const sessions = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
sessions.on("error", () => {});

const app = express();
app.get("/prices/:product", async (request, response) => {
  const { rows } = await pool.query("SELECT price_of($1) AS price", [request.params.product]);
  response.json(rows[0]);
});
app.get("/sessions/:id", async (request, response) => {
  response.json({ user: await sessions.get(`session:${request.params.id}`) });
});
// Express would print the errors.
app.use((_error, _request, response, _next) => response.status(500).send("no"));
app.listen(Number(PORT), "127.0.0.1", () => process.stdout.write("open\n"));
