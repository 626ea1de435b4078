import express from "express";
import { pool, prepare } from "./database.js";
import { log } from "./log.js";

/** Exchange rates to euro. */
const rates = {
  EUR: { factor: 1 },
  USD: { factor: 0.93 },
  GBP: { factor: 1.17 },
};

const app = express();
app.use(express.json());

app.post("/charges", async (request, response) => {
  const { order, cents, currency } = request.body;
  log.info("charging", { order, cents, currency });
  // Swiss francs are missing: `rates.CHF` is undefined.
  const amount = Math.round(cents * rates[currency].factor);
  await pool.query("INSERT INTO charges (order_id, cents, currency) VALUES ($1, $2, $3)", [
    order,
    amount,
    currency,
  ]);
  response.status(201).json({ order, cents: amount });
});

await prepare();
const server = app.listen(process.env.PORT ?? 3001, "127.0.0.1", () => {
  log.info("payments is open", { port: server.address().port });
});
