const { Pool } = require("pg");

/**
 * Works on what comes over the queue, with a look into the database for each
 * piece, and says what it was given. An order may say how often it fails.
 */
exports.back = async (library, modules, say) => {
  const { BROKER, QUEUE, DATABASE } = process.env;
  const pool = new Pool({ connectionString: DATABASE, max: 1 });
  const failures = new Map();
  const receiver = await modules.receiver(library, BROKER, QUEUE, async (order, seen) => {
    say(`works ${JSON.stringify({ order, seen })}`);
    await pool.query("SELECT $1::text AS id", [order.id]);
    const failed = failures.get(order.id) ?? 0;
    if (failed < (order.failures ?? 0)) {
      failures.set(order.id, failed + 1);
      throw new Error(`no stock for ${order.id}`);
    }
    say(`done ${order.id}`);
  });
  return async () => {
    await receiver.close();
    await pool.end();
  };
};
