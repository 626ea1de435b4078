const ids = [1, 2, 3, 4, 5];

module.exports = async ({ load, url }) => {
  const postgres = await load("postgres");
  const sql = postgres(url, { max: 3 });
  const steps = {
    async sequential() {
      for (const id of ids) {
        await sql`SELECT ${id}::int AS id FROM pg_class LIMIT 1`; // sequential
      }
    },
    async concurrent() {
      const queries = ids.map((id) => sql`SELECT ${id}::int AS id FROM pg_class LIMIT 1`);
      await Promise.all(queries); // concurrent
    },
  };
  return { steps, end: () => sql.end() };
};
