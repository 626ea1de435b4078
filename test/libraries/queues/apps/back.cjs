const { Pool } = require("pg");

/** Fails in work that outlives its message. */
function failLate(print) {
  const fail = (text) => globalThis.report(new Error(text));
  setImmediate(fail, "late immediate");
  Promise.resolve().then(() => fail("late promise"));
  setTimeout(() => {
    fail("late timer");
    print("failed late");
  }, 20);
}

/**
 * Processes the orders of the queue with one query each, and prints them. An order
 * contains the number of its failures.
 */
exports.back = async (library, modules, print) => {
  const { BROKER, QUEUE, DATABASE } = process.env;
  const pool = new Pool({ connectionString: DATABASE, max: 1 });
  const failures = new Map();
  const receiver = await modules.receiver(library, BROKER, QUEUE, async (order, seen) => {
    print(`works ${JSON.stringify({ order, seen })}`);
    await pool.query("SELECT $1::text AS id", [order.id]);
    const failed = failures.get(order.id) ?? 0;
    if (failed < (order.failures ?? 0)) {
      failures.set(order.id, failed + 1);
      throw new Error(`no stock for ${order.id}`);
    }
    print(`done ${order.id}`);
    if (order.late) failLate(print);
  });
  return async () => {
    await receiver.close();
    await pool.end();
  };
};
