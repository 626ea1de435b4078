import type { EventEmitter } from "node:events";

/* The parts of `pg` that the tests use; it has no types. */
export interface Pg {
  readonly Pool: new (options: object) => PgPoolLike;
  readonly Client: new (options: object) => { connect(): Promise<void> };
  readonly Query: new (text: string) => EventEmitter & { submit(): void };
}
export interface PgPoolLike extends Queryable {
  connect(): Promise<Client>;
  end(): Promise<void>;
}
export interface Client extends Queryable {
  release(): void;
}
interface Queryable {
  query(...args: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

export interface QueryCase {
  readonly title: string;
  run(client: Client, pg: Pg, pool: PgPoolLike): Promise<unknown>;
  /**
   * An undefined attribute must be absent. `<host>` and `<database>` stand for
   * those of the address.
   */
  readonly spans: readonly {
    readonly name: string;
    readonly attributes?: Readonly<Record<string, string | undefined>>;
    /** Message of the span's status. */
    readonly error?: string;
  }[];
}

const TEXT = "db.query.text";

export const queries: readonly QueryCase[] = [
  {
    title: "with parameters has its text unchanged",
    run: (client) =>
      client.query("SELECT name FROM products WHERE id = $1 AND name <> 'Lamp'", [1]),
    spans: [
      {
        name: "SELECT products",
        attributes: {
          [TEXT]: "SELECT name FROM products WHERE id = $1 AND name <> 'Lamp'",
          "db.system.name": "postgresql",
          "db.namespace": "<database>",
          "db.operation.name": "SELECT",
          "db.query.summary": "SELECT products",
          "server.address": "<host>",
          "error.type": undefined,
          "db.postgresql.values": undefined,
        },
      },
    ],
  },
  {
    title: "without parameters has its text without literals",
    run: (client) => client.query("SELECT * FROM products WHERE name = 'Secret' AND id > 7"),
    spans: [
      {
        name: "SELECT products",
        attributes: { [TEXT]: "SELECT * FROM products WHERE name = ? AND id > ?" },
      },
    ],
  },
  {
    title: "with an empty list of parameters has none",
    run: (client) => client.query({ text: "SELECT 'Secret'", values: [] }),
    spans: [{ name: "SELECT", attributes: { [TEXT]: "SELECT ?" } }],
  },
  {
    title: "with a callback",
    run: (client) =>
      new Promise((resolve) => void client.query("SELECT id FROM products", [], resolve)),
    spans: [{ name: "SELECT products" }],
  },
  {
    title: "through the pool has no further span",
    run: (_client, _pg, pool) => pool.query("SELECT oid FROM pg_class WHERE oid = $1", [2]),
    spans: [{ name: "SELECT pg_class" }],
  },
  {
    title: "that is named",
    run: (client) =>
      client.query({ name: "one", text: "SELECT id FROM products WHERE id = $1", values: [3] }),
    spans: [{ name: "SELECT products", attributes: { "db.postgresql.plan": "one" } }],
  },
  {
    title: "that begins with a comment and a line break",
    run: (client) => client.query("/* for bob */\nSELECT id\nFROM products"),
    spans: [
      {
        name: "SELECT products",
        attributes: { [TEXT]: "SELECT id FROM products", "db.operation.name": "SELECT" },
      },
    ],
  },
  {
    title: "whose first word contains a value",
    run: (client) => client.query("VALUES('Secret')"),
    spans: [{ name: "VALUES", attributes: { "db.operation.name": "VALUES" } }],
  },
  {
    title: "in a transaction",
    async run(client) {
      await client.query("BEGIN");
      await client.query("UPDATE products SET name = $1 WHERE id = $2", ["Cup", 1]);
      await client.query("ROLLBACK");
    },
    spans: [{ name: "BEGIN" }, { name: "UPDATE products" }, { name: "ROLLBACK" }],
  },
  {
    title: "that fails, as a promise",
    run: (client) => client.query("SELECT * FROM nowhere").catch(() => undefined),
    spans: [
      {
        name: "SELECT nowhere",
        attributes: { "error.type": "42P01", "db.response.status_code": "42P01" },
        error: "relation ? does not exist",
      },
    ],
  },
  {
    title: "that fails, with a callback",
    run: (client) =>
      new Promise((resolve) => void client.query("SELECT * FROM nowhere", [], resolve)),
    spans: [
      {
        name: "SELECT nowhere",
        attributes: { "error.type": "42P01", "db.response.status_code": "42P01" },
        error: "relation ? does not exist",
      },
    ],
  },
  {
    title: "that implements `submit` ends its span",
    run: (client, { Query }) =>
      new Promise((resolve) => {
        const query = new Query("SELECT id FROM products WHERE name = 'Secret'");
        query.on("end", resolve);
        void client.query(query);
      }),
    spans: [
      {
        name: "SELECT products",
        attributes: { [TEXT]: "SELECT id FROM products WHERE name = ?", "error.type": undefined },
      },
    ],
  },
  {
    title: "that implements `submit` and fails",
    run: (client, { Query }) =>
      new Promise((resolve) => {
        const query = new Query("SELECT id FROM nowhere");
        query.on("error", resolve);
        void client.query(query);
      }),
    spans: [
      {
        name: "SELECT nowhere",
        attributes: { "error.type": "42P01" },
        error: "relation ? does not exist",
      },
    ],
  },
];
