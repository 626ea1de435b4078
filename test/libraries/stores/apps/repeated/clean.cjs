/*
 * Fifty endpoints without repeated calls, as people write them: joins, lists, pages, caches,
 * batches, several queries of one table. None may be reported.
 */
const { createServer } = require("node:http");

const ORDERS = "SELECT id, customer_id FROM clean_orders";

module.exports = async ({ load, url }) => {
  const { Pool } = await load("pg");
  const Redis = await load("ioredis");
  const pool = new Pool({ connectionString: url, max: 4 });
  const redis = new Redis(process.env.REDIS_URL);
  const service = createServer((_, response) => response.end("{}"));
  await new Promise((resolve) => service.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${service.address().port}`;
  await pool.query(
    "CREATE TABLE IF NOT EXISTS clean_orders (id SERIAL PRIMARY KEY, customer_id INT, status TEXT)",
  );
  await pool.query(
    "CREATE TABLE IF NOT EXISTS clean_items (id SERIAL PRIMARY KEY, order_id INT, name TEXT)",
  );
  await pool.query(
    "INSERT INTO clean_orders (customer_id) SELECT seq FROM generate_series(1, 20) seq",
  );
  const sql = (text, values) => pool.query(text, values).then(({ rows }) => rows);
  const get = (path) => fetch(`${base}${path}`).then((response) => response.text());
  const order = (id) => sql(`${ORDERS} WHERE id = $1`, [id]);
  const itemsOf = (ids) => sql("SELECT * FROM clean_items WHERE order_id = ANY($1)", [ids]);

  async function transaction(work) {
    const client = await pool.connect();
    try {
      await client.query("BEGIN");
      const result = await work(client);
      await client.query("COMMIT");
      return result;
    } finally {
      client.release();
    }
  }

  async function cached(key, create) {
    const known = await redis.get(key);
    if (known !== null) return JSON.parse(known);
    const value = await create();
    await redis.set(key, JSON.stringify(value), "EX", 60);
    return value;
  }

  const steps = {
    one: () => order(1),
    list: () => sql(`${ORDERS} ORDER BY id LIMIT 10`),
    join: () =>
      sql(
        "SELECT o.id, i.name FROM clean_orders o JOIN clean_items i ON i.order_id = o.id LIMIT 10",
      ),
    async listWithItems() {
      const orders = await sql(`${ORDERS} LIMIT 10`);
      return itemsOf(orders.map(({ id }) => id));
    },
    async inList() {
      const orders = await sql(`${ORDERS} LIMIT 3`);
      const places = orders.map((_, at) => `$${at + 1}`).join(", ");
      return sql(
        `SELECT * FROM clean_items WHERE order_id IN (${places})`,
        orders.map(({ id }) => id),
      );
    },
    count: () => sql("SELECT count(*) FROM clean_orders"),
    listAndCount: () =>
      Promise.all([sql(`${ORDERS} LIMIT 10`), sql("SELECT count(*) FROM clean_orders")]),
    dashboard: () =>
      Promise.all([
        sql("SELECT count(*) FROM clean_orders WHERE status = 'open'"),
        sql("SELECT count(*) FROM clean_items"),
        sql("SELECT max(id) FROM clean_orders"),
        redis.get("visitors"),
        get("/health"),
      ]),
    async ownerThenOrder() {
      await order(1);
      return order(2);
    },
    async sameShapeOnThreeLines() {
      const open = await sql("SELECT count(*) FROM clean_orders WHERE status = $1", ["open"]);
      const paid = await sql("SELECT count(*) FROM clean_orders WHERE status = $1", ["paid"]);
      const sent = await sql("SELECT count(*) FROM clean_orders WHERE status = $1", ["sent"]);
      return [open, paid, sent];
    },
    sameShapeAtOnce: () =>
      Promise.all([
        sql("SELECT count(*) FROM clean_orders WHERE status = $1", ["open"]),
        sql("SELECT count(*) FROM clean_orders WHERE status = $1", ["paid"]),
        sql("SELECT count(*) FROM clean_orders WHERE status = $1", ["sent"]),
      ]),
    create: () => sql("INSERT INTO clean_orders (customer_id) VALUES ($1) RETURNING id", [1]),
    createMany: () =>
      sql("INSERT INTO clean_items (order_id, name) VALUES ($1, $2), ($3, $4), ($5, $6)", [
        ...[1, "a", 1, "b", 1, "c"],
      ]),
    createUnnest: () =>
      sql("INSERT INTO clean_items (order_id, name) SELECT 1, unnest($1::text[])", [["a", "b"]]),
    update: () => sql("UPDATE clean_orders SET status = $1 WHERE id = $2", ["paid", 1]),
    remove: () => sql("DELETE FROM clean_items WHERE order_id = $1", [0]),
    upsert: () =>
      sql(
        "INSERT INTO clean_orders (id, status) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET status = $2",
        [1, "open"],
      ),
    async readUpdateRead() {
      const before = await sql("SELECT status FROM clean_orders WHERE id = $1", [1]);
      await sql("UPDATE clean_orders SET status = $1 WHERE id = $2", ["sent", 1]);
      const after = await sql("SELECT status FROM clean_orders WHERE id = $1", [1]);
      return [before, after];
    },
    async createThenRead() {
      const [{ id }] = await sql("INSERT INTO clean_orders (customer_id) VALUES (7) RETURNING id");
      return order(id);
    },
    transfer: () =>
      transaction(async (client) => {
        await client.query("SELECT * FROM clean_orders WHERE id = $1 FOR UPDATE", [1]);
        await client.query("UPDATE clean_orders SET customer_id = $1 WHERE id = $2", [2, 1]);
        await client.query("INSERT INTO clean_items (order_id, name) VALUES ($1, 'moved')", [1]);
      }),
    twoTransactions: async () => {
      await transaction((client) =>
        client.query("UPDATE clean_orders SET status = 'a' WHERE id = 1"),
      );
      await transaction((client) => client.query("UPDATE clean_items SET name = 'b' WHERE id = 1"));
    },
    savepoints: () =>
      transaction(async (client) => {
        for (const name of ["a", "b", "c", "d", "e"]) {
          await client.query(`SAVEPOINT ${name}`);
          await client.query(`RELEASE SAVEPOINT ${name}`);
        }
      }),
    async pages() {
      const all = [];
      for (let at = 0; ; at += 5) {
        const rows = await sql(`${ORDERS} ORDER BY id LIMIT 5 OFFSET $1`, [at]);
        all.push(...rows);
        if (rows.length < 5 || at > 30) return all.length;
      }
    },
    async keyset() {
      let last = 0;
      for (let page = 0; page < 6; page++) {
        const rows = await sql(`${ORDERS} WHERE id > $1 ORDER BY id LIMIT 3`, [last]);
        if (rows.length === 0) break;
        last = rows.at(-1).id;
      }
      return last;
    },
    async cursor() {
      return transaction(async (client) => {
        await client.query(`DECLARE all_orders CURSOR FOR ${ORDERS}`);
        for (let page = 0; page < 5; page++) await client.query("FETCH 3 FROM all_orders");
      });
    },
    cacheMiss: () => cached(`order:${Math.random()}`, () => order(1)),
    async cacheHit() {
      await redis.set("order:hit", "{}");
      return cached("order:hit", () => order(1));
    },
    mget: () => redis.mget("a:1", "a:2", "a:3", "a:4", "a:5"),
    pipeline: () => {
      const batch = redis.pipeline();
      for (let at = 0; at < 10; at++) batch.get(`user:${at}`);
      return batch.exec();
    },
    pipelinedWrites: () => {
      const batch = redis.pipeline();
      for (let at = 0; at < 10; at++) batch.set(`user:${at}`, "x");
      return batch.exec();
    },
    multi: () => redis.multi().incr("visits").expire("visits", 60).exec(),
    counter: () => redis.incr("visits"),
    async rateLimit() {
      const count = await redis.incr("limit:1");
      if (count === 1) await redis.expire("limit:1", 60);
      return redis.ttl("limit:1");
    },
    hash: () => redis.hgetall("session:1"),
    async session() {
      await redis.get("session:abc");
      await redis.get("user:1");
      await redis.expire("session:abc", 60);
    },
    configuration: () =>
      Promise.all([
        redis.get("config:colour"),
        redis.get("config:currency"),
        redis.get("config:country"),
      ]),
    async scan() {
      let cursor = "0";
      do [cursor] = await redis.scan(cursor, "COUNT", "2");
      while (cursor !== "0");
    },
    async lock() {
      await redis.set("lock:1", "me", "PX", 1000, "NX");
      await sql("UPDATE clean_orders SET status = 'b' WHERE id = 2");
      await redis.del("lock:1");
    },
    proxy: () => get("/users/1"),
    twoServices: () => Promise.all([get("/users/1"), get("/orders?user=1")]),
    async login() {
      await fetch(`${base}/token`, { method: "POST", body: "{}" });
      return get("/users/me");
    },
    batchRequest: () => get("/users?ids=1,2,3,4,5"),
    async pagesOfService() {
      for (let page = 1; page <= 6; page++) {
        await (await fetch(`${base}/items?page=${page}`)).text();
      }
    },
    async pollUntilReady() {
      for (let tries = 0; tries < 1; tries++) await get("/jobs/1");
    },
    async postOnce() {
      await fetch(`${base}/orders`, { method: "POST", body: "{}" });
    },
    async saga() {
      const [{ id }] = await sql("INSERT INTO clean_orders (customer_id) VALUES (9) RETURNING id");
      await fetch(`${base}/payments`, { method: "POST", body: "{}" });
      await sql("UPDATE clean_orders SET status = 'paid' WHERE id = $1", [id]);
      await redis.del(`order:${id}`);
    },
    async search() {
      const found = await sql("SELECT id FROM clean_items WHERE name ILIKE $1 LIMIT 10", ["%a%"]);
      const total = await sql("SELECT count(*) FROM clean_items WHERE name ILIKE $1", ["%a%"]);
      return [found, total];
    },
    sequence: async () => {
      for (let at = 0; at < 5; at++) await sql("SELECT nextval('clean_orders_id_seq')");
    },
    ping: async () => {
      for (let at = 0; at < 5; at++) await sql("SELECT 1");
    },
    known: async () => {
      for (const id of [1, 2, 3, 4, 5]) {
        await sql("/* telltale: ignore */ SELECT name FROM clean_items WHERE id = $1", [id]);
      }
    },
    reports: () =>
      sql("WITH o AS (SELECT * FROM clean_orders) SELECT status, count(*) FROM o GROUP BY 1"),
  };
  const end = () => {
    service.close();
    return Promise.all([pool.end(), redis.quit()]);
  };
  return { steps, end };
};
