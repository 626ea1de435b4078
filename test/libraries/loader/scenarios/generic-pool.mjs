import { promisify } from "node:util";

/** Version 2 takes callbacks. */
export async function run({ createPool, Pool }, major) {
  if (major === "3") {
    const factory = { create: () => Promise.resolve({}), destroy: () => Promise.resolve() };
    const pool = createPool(factory);
    await pool.release(await pool.acquire());
    await pool.drain();
    await pool.clear();
    return;
  }
  const pool = new Pool({ name: "pool", create: (done) => done(null, {}), destroy() {}, max: 1 });
  pool.release(await promisify(pool.acquire.bind(pool))());
  // Otherwise the process waits until the resource has been idle for half a minute.
  await new Promise((resolve) => pool.drain(() => pool.destroyAllNow(resolve)));
}
