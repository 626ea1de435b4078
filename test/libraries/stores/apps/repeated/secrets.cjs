module.exports = async ({ load, url }) => {
  const { Pool } = await load("pg");
  const Redis = await load("ioredis");
  const pool = new Pool({ connectionString: url });
  const redis = new Redis(process.env.REDIS_URL);
  const steps = {
    async calls() {
      await pool.query("SELECT $1::text AS value FROM pg_class LIMIT 1", ["canary-parameter"]);
      await pool.query("SELECT 'canary-literal' FROM pg_class LIMIT 1");
      await redis.get("canary-key");
    },
  };
  return { steps, end: () => Promise.all([pool.end(), redis.quit()]) };
};
