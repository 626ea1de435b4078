import express from "express";
import { Pool } from "pg";

/** A shop with a pool of two connections, of which a refused order keeps one. */
const pool = new Pool({
  connectionString: process.env.SHOP_DATABASE,
  max: 2,
  connectionTimeoutMillis: 5000,
});

const app = express();

app.get("/orders", async (_request, response) => {
  const { rows } = await pool.query("SELECT 1 AS id");
  response.json(rows);
});

app.post("/orders", async (_request, response) => {
  const client = await pool.connect(); // never released
  await client.query("SELECT 2 AS stock");
  response.status(409).json({ error: "sold out" });
});

const server = app.listen(0, "127.0.0.1", () => {
  console.log(`listening on ${server.address().port}`);
});
