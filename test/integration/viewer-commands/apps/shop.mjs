import express from "express";
import { DatabaseSync } from "node:sqlite";

/** A shop with faults: orders with one query for each item, and payments that fail. */
const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER)");
database.exec("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT)");
for (let id = 1; id <= 12; id++) {
  database.prepare("INSERT INTO orders (customer) VALUES (?)").run(id);
  database.prepare("INSERT INTO customers (name) VALUES (?)").run(`customer ${id}`);
}

const app = express();

app.get("/products", (_request, response) => {
  response.json(database.prepare("SELECT count(*) AS count FROM orders").all());
});

app.get("/orders", (_request, response) => {
  response.json(listOrders());
});

function listOrders() {
  const orders = database.prepare("SELECT id, customer FROM orders ORDER BY id").all();
  return orders.map((order) => ({
    ...order,
    customer: database.prepare("SELECT name FROM customers WHERE id = ?").get(order.customer).name,
  }));
}

app.post("/orders", (_request, response) => {
  response.json({ paid: pay({ cents: 100 }) });
});

function pay(order) {
  if (order.card === undefined) throw new TypeError("order 4711 has no card");
  return true;
}

const server = app.listen(0, "127.0.0.1", () => {
  console.log(`listening on ${server.address().port}`);
});
