import express from "express";
import { pool, prepare } from "./database.js";
import { log } from "./log.js";

const payments = process.env.PAYMENTS_URL ?? "http://127.0.0.1:3001";

const api = express.Router();

api.get("/products", async (_request, response) => {
  const { rows } = await pool.query("SELECT id, name, cents FROM products ORDER BY id");
  response.json(rows);
});

api.get("/products/:id", async (request, response) => {
  const product = await find(request.params.id);
  if (product === undefined) {
    response.status(404).json({ error: "no such product" });
    return;
  }
  response.json(product);
});

api.post("/orders", async (request, response) => {
  const { product: id, quantity, currency } = request.body;
  const product = await find(id);
  if (product === undefined) {
    response.status(404).json({ error: "no such product" });
    return;
  }
  const order = await place(product, quantity, currency);
  log.info("order placed", { order: order.id, product: product.name, quantity });
  await charge(order, product.cents * quantity);
  log.info("order paid", { order: order.id });
  response.status(201).json(order);
});

async function find(id) {
  const { rows } = await pool.query("SELECT id, name, cents FROM products WHERE id = $1", [id]);
  return rows[0];
}

async function place(product, quantity, currency) {
  const { rows } = await pool.query(
    "INSERT INTO orders (product_id, quantity, currency, status) VALUES ($1, $2, $3, 'placed') RETURNING id",
    [product.id, quantity, currency],
  );
  await pool.query("UPDATE products SET stock = stock - $1 WHERE id = $2", [quantity, product.id]);
  return { id: rows[0].id, product: product.id, quantity, currency };
}

async function charge(order, cents) {
  const answer = await fetch(`${payments}/charges`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ order: order.id, cents, currency: order.currency }),
  });
  if (!answer.ok) {
    log.error("payment failed", { order: order.id, status: answer.status });
    throw new Error(`payment service answered ${answer.status} for order ${order.id}`);
  }
  await answer.json();
}

api.get("/orders", async (_request, response) => {
  const { rows: orders } = await pool.query(
    "SELECT id, product_id, quantity FROM orders ORDER BY id DESC LIMIT 25",
  );
  // A query for each order (N+1), which the viewer finds: a JOIN does the same with one.
  for (const order of orders) order.product = await find(order.product_id);
  response.json(orders);
});

const app = express();
app.use(express.json());
app.use("/api", api);

await prepare();
const server = app.listen(process.env.PORT ?? 3000, "127.0.0.1", () => {
  log.info("shop is open", { port: server.address().port });
});
