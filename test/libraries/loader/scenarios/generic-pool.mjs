import { promisify } from "node:util";

/** Version 2 takes callbacks. */
export async function run({ createPool, Pool }, major) {
  if (major === "3") {
    const factory = { create: () => Promise.resolve({}), destroy: () => Promise.resolve() };
    const pool = createPool(factory, { max: 1, acquireTimeoutMillis: 50 });
    const resource = await pool.acquire();
    const { name } = await pool.acquire().catch((error) => error);
    if (name !== "TimeoutError") throw new Error(`no timeout: ${name}`);
    await pool.release(resource);
    await pool.drain();
    await pool.clear();
    return;
  }
  const pool = new Pool({ name: "pool", create: (done) => done(null, {}), destroy() {}, max: 1 });
  pool.release(await promisify(pool.acquire.bind(pool))());
  // Otherwise the process waits until the resource has been idle for half a minute.
  await new Promise((resolve) => pool.drain(() => pool.destroyAllNow(resolve)));
}
