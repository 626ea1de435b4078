import { Pool } from "pg";

export const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 5 });

/** Creates the tables and a few products. Can be run again. */
export async function prepare() {
  await pool.query(`
    CREATE TABLE IF NOT EXISTS products (
      id integer PRIMARY KEY,
      name text NOT NULL,
      cents integer NOT NULL,
      stock integer NOT NULL
    );
    CREATE TABLE IF NOT EXISTS orders (
      id serial PRIMARY KEY,
      product_id integer NOT NULL,
      quantity integer NOT NULL,
      currency text NOT NULL,
      status text NOT NULL
    );
    CREATE TABLE IF NOT EXISTS charges (
      id serial PRIMARY KEY,
      order_id integer NOT NULL,
      cents integer NOT NULL,
      currency text NOT NULL
    );
    INSERT INTO products VALUES
      (1, 'Teapot', 3900, 1000),
      (2, 'Lamp', 12900, 1000),
      (3, 'Notebook', 900, 1000)
    ON CONFLICT DO NOTHING;
  `);
}
