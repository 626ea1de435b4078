interface Tools {
  readonly load: (name: string) => Promise<{ readonly Pool: new (options: object) => PoolLike }>;
  readonly url: string;
}

interface PoolLike {
  query(text: string, values: readonly unknown[]): Promise<unknown>;
  end(): Promise<void>;
}

/** Compiled with a source map; the lines of the types are not in the result. */
export async function create({ load, url }: Tools): Promise<{
  readonly steps: Readonly<Record<string, () => Promise<unknown>>>;
  readonly end: () => Promise<void>;
}> {
  const { Pool } = await load("pg");
  const pool = new Pool({ connectionString: url });
  type Id = number;
  const ids: readonly Id[] = [1, 2, 3, 4, 5];
  const steps = {
    async sequential(): Promise<void> {
      for (const id of ids) {
        await pool.query("SELECT $1::int AS id FROM pg_class LIMIT 1", [id]); // sequential
      }
    },
  };
  return { steps, end: () => pool.end() };
}
