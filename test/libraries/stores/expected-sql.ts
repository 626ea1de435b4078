import type { Variant } from "../row.ts";
import type { ExpectedStoreSpan, Step } from "./expected-call.ts";

export interface Database {
  readonly system: string;
  readonly namespace: string | undefined;
}

export type Call = (summary: string, text: string, failure?: Failure) => ExpectedStoreSpan;

interface Failure {
  readonly type: string;
  /** Undefined if the error is not the server's. */
  readonly status?: string;
  readonly message: string;
}

/** Creates expected calls of statements, whose operation is the first word of the summary. */
function statementsOf({ system, namespace }: Database): Call {
  return (summary, text, failure) => ({
    name: summary,
    attributes: {
      "db.system.name": system,
      ...(namespace !== undefined && { "db.namespace": namespace }),
      "db.operation.name": summary.split(" ")[0],
      "db.query.text": text,
      "db.query.summary": summary,
      ...(failure && { "error.type": failure.type }),
      ...(failure?.status !== undefined && { "db.response.status_code": failure.status }),
    },
    ...(failure && { error: failure.message }),
  });
}

const mysql = statementsOf({ system: "mysql", namespace: "shop" });

export const mysql2Steps: readonly Step[] = [
  { step: "exhausted", calls: [] },
  {
    step: "setup",
    calls: [
      mysql("DROP items", "DROP TABLE IF EXISTS items"),
      mysql("CREATE items", "CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(?))"),
    ],
  },
  { step: "insert", calls: [mysql("INSERT items", "INSERT INTO items VALUES (?, ?)")] },
  { step: "literals", calls: [mysql("SELECT items", "SELECT `name` FROM `items` WHERE name = ?")] },
  { step: "execute", calls: [mysql("SELECT items", "SELECT name FROM items WHERE name = ?")] },
  {
    step: "failing",
    calls: [
      mysql("INSERT items", "INSERT INTO items VALUES (?)", {
        type: "ER_DUP_ENTRY",
        status: "1062",
        message: "Duplicate entry ?",
      }),
    ],
  },
  {
    step: "failingExecute",
    calls: [
      mysql("SELECT nothing", "SELECT * FROM nothing", {
        type: "ER_NO_SUCH_TABLE",
        status: "1146",
        message: "Table ? doesn't exist",
      }),
    ],
  },
  { step: "callback", calls: [mysql("SELECT", "SELECT ?"), mysql("SELECT", "SELECT ? + 1")] },
  { step: "prepared", calls: [mysql("SELECT items", "SELECT name FROM items WHERE id = ?")] },
  {
    step: "pool",
    calls: [1, 2].map(() => mysql("SELECT items", "SELECT name FROM items WHERE id = ?")),
  },
  { step: "events", calls: [mysql("SELECT items", "SELECT id FROM items")] },
  {
    step: "errors",
    calls: [
      mysql("INSERT items", "INSERT INTO items (id) VALUES (?)", {
        type: "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD",
        status: "1366",
        message: "Incorrect integer value: ? at row ?",
      }),
      mysql("SIGNAL", "SIGNAL SQLSTATE ? SET MESSAGE_TEXT = ?", {
        type: "ER_SIGNAL_EXCEPTION",
        status: "1644",
        message: "?",
      }),
    ],
  },
  {
    step: "transaction",
    calls: [
      mysql("START", "START TRANSACTION"),
      mysql("UPDATE items", "UPDATE items SET name = ?"),
      mysql("ROLLBACK", "ROLLBACK"),
    ],
  },
];

const none = { type: "ER_NO_SUCH_TABLE", status: "1146", message: "Table ? doesn't exist" };
const sequence = mysql("SELECT seq_1_to_999", "SELECT seq FROM seq_1_to_999");

/** A stream ends with the server's last row, even if the app has destroyed it. */
export const mysql2StreamSteps: readonly Step[] = [
  { step: "preparing", calls: [mysql("SELECT nothing", "SELECT ? FROM nothing", none)] },
  {
    step: "destroyed",
    calls: [mysql("SELECT", "SELECT SLEEP(?)"), mysql("SELECT", "SELECT ? + 1")],
  },
  { step: "stream", calls: [sequence] },
  { step: "streamLeft", calls: [sequence] },
  { step: "streamFailing", calls: [mysql("SELECT nothing", "SELECT * FROM nothing", none)] },
];

const postgres = statementsOf({ system: "postgresql", namespace: "shop" });

const one = postgres("SELECT items", "SELECT name FROM items WHERE id = $1");
/** Upstream records the name of a prepared statement. */
const named = { ...one, attributes: { ...one.attributes, "db.postgresql.plan": "one" } };

export const pgSteps: readonly Step[] = [
  { step: "exhausted", calls: [] },
  {
    step: "setup",
    calls: [
      postgres("DROP items", "DROP TABLE IF EXISTS items"),
      postgres("CREATE items", "CREATE TABLE items (id INT PRIMARY KEY, name TEXT)"),
    ],
  },
  { step: "insert", calls: [postgres("INSERT items", "INSERT INTO items VALUES ($1, $2)")] },
  { step: "literals", calls: [postgres("SELECT items", "SELECT name FROM items WHERE name = ?")] },
  { step: "named", calls: [named] },
  {
    step: "failing",
    calls: [
      postgres("SELECT nothing", "SELECT * FROM nothing", {
        type: "42P01",
        status: "42P01",
        message: "relation ? does not exist",
      }),
    ],
  },
  {
    step: "invalid",
    calls: [
      postgres("SELECT", "SELECT $1::int", {
        type: "22P02",
        status: "22P02",
        message: "invalid input syntax for type integer: ?",
      }),
    ],
  },
  { step: "waiting", calls: [1, 2].map(() => postgres("SELECT", "SELECT $1::int")) },
  { step: "callback", calls: [1, 2].map(() => postgres("SELECT", "SELECT ?")) },
  {
    step: "errors",
    calls: [
      postgres("SELECT", "SELECT ?", {
        type: "42601",
        status: "42601",
        message: "unterminated quoted string at or near ?",
      }),
      postgres("DO", "DO ?", { type: "P0001", status: "P0001", message: "?" }),
    ],
  },
];

const division = { type: "22012", status: "22012", message: "division by zero" };
const series = postgres("SELECT generate_series", "SELECT n FROM generate_series(?) n");
const copied = postgres("COPY items", "COPY items FROM STDIN");

/** Objects that implement `submit`: one span until the server is ready for the next query. */
export const pgStreamSteps: readonly Step[] = [
  { step: "cursor", calls: [postgres("SELECT items", "SELECT name FROM items WHERE id < $1")] },
  { step: "cursorLeft", calls: [series] },
  {
    step: "cursorFailing",
    calls: [
      postgres("SELECT generate_series", "SELECT ? / (? - n) FROM generate_series(?) n", division),
    ],
  },
  { step: "rows", calls: [postgres("SELECT items", "SELECT id FROM items")] },
  { step: "rowsLeft", calls: [series] },
  {
    step: "rowsFailing",
    calls: [
      postgres("SELECT generate_series", "SELECT ? / (? - n) FROM generate_series(?) n", division),
    ],
  },
  { step: "copyIn", calls: [copied] },
  {
    step: "copyInFailing",
    calls: [
      postgres("COPY items", "COPY items FROM STDIN", {
        type: "22P02",
        status: "22P02",
        message: "invalid input syntax for type integer: ?",
      }),
    ],
  },
  { step: "copyInLeft", calls: [copied] },
  { step: "copyOut", calls: [postgres("COPY items", "COPY items TO STDOUT")] },
  {
    step: "copyOutFailing",
    calls: [
      postgres("COPY nothing", "COPY nothing TO STDOUT", {
        type: "42P01",
        status: "42P01",
        message: "relation ? does not exist",
      }),
    ],
  },
];

const selected = postgres("SELECT items", "SELECT id FROM items");
const missing = { type: "42P01", status: "42P01", message: "relation ? does not exist" };
const notified = postgres("SELECT", "select pg_notify($1, $2)");

/** @param installed folder of `postgres` */
export function postgresSteps(installed: string): readonly Step[] {
  const item = postgres("SELECT items", "SELECT name FROM items WHERE id = $1");
  return [
    {
      step: "setup",
      calls: [
        postgres("DROP items", "DROP TABLE IF EXISTS items"),
        postgres("CREATE items", "CREATE TABLE items (id INT PRIMARY KEY, name TEXT)"),
      ],
    },
    {
      step: "insert",
      calls: [postgres("INSERT items", 'INSERT INTO items ("id","name")values($1,$2)')],
    },
    {
      step: "literals",
      calls: [postgres("SELECT items", "SELECT name FROM items WHERE name = ?")],
    },
    {
      step: "unsafe",
      calls: [postgres("SELECT items SELECT", "SELECT name FROM items WHERE name = ?; SELECT ?")],
    },
    {
      step: "unsafeWithValues",
      calls: [postgres("SELECT items", "SELECT name FROM items WHERE name = $1")],
    },
    {
      step: "fragments",
      calls: [postgres("SELECT items", 'SELECT name FROM "items" WHERE id = $1')],
    },
    { step: "once", calls: [postgres("SELECT", "SELECT ?")] },
    { step: "prepared", calls: [item, item] },
    { step: "pipelined", calls: [1, 2].map(() => postgres("SELECT", "SELECT $1::int")) },
    { step: "describe", calls: [postgres("SELECT nothing", "SELECT * FROM nothing", missing)] },
    ...postgresErrorSteps,
    ...postgresTransactionSteps,
    ...postgresRowSteps,
    ...(installed === "postgres" ? [reserveStep] : [copyFailureStep]),
  ];
}

/** The oldest version cannot reserve a connection. */
const reserveStep: Step = { step: "reserve", calls: [postgres("SELECT", "SELECT ?")] };

/** In the newest version, a failed COPY never ends its stream. */
const copyFailureStep: Step = {
  step: "copyInFailing",
  calls: [
    postgres("COPY items", "COPY items FROM STDIN", {
      type: "22P02",
      status: "22P02",
      message: "invalid input syntax for type integer: ?",
    }),
  ],
};

const postgresErrorSteps: readonly Step[] = [
  { step: "failing", calls: [postgres("SELECT nothing", "SELECT * FROM nothing", missing)] },
  {
    step: "invalid",
    calls: [
      postgres("SELECT", "SELECT $1::text::int", {
        type: "22P02",
        status: "22P02",
        message: "invalid input syntax for type integer: ?",
      }),
    ],
  },
  {
    step: "unsent",
    calls: [
      postgres("SELECT", "SELECT $1", {
        type: "UNDEFINED_VALUE",
        message: "UNDEFINED_VALUE: Undefined values are not allowed",
      }),
    ],
  },
  {
    step: "errors",
    calls: [
      postgres("SELECT", "SELECT ?", {
        type: "42601",
        status: "42601",
        message: "unterminated quoted string at or near ?",
      }),
      postgres("DO", "DO ?", { type: "P0001", status: "P0001", message: "?" }),
    ],
  },
  { step: "missingFile", calls: [] },
  { step: "cancelled", calls: [postgres("DO", "DO ?")] },
];

const postgresTransactionSteps: readonly Step[] = [
  {
    step: "transaction",
    calls: [
      postgres("BEGIN", "begin"),
      postgres("UPDATE items", "UPDATE items SET name = $1"),
      postgres("SAVEPOINT", 'savepoint "s0"'),
      postgres("DELETE items", "DELETE FROM items"),
      postgres("ROLLBACK", 'rollback to "s0"'),
      postgres("COMMIT", "commit"),
    ],
  },
  {
    step: "rolledBack",
    calls: [postgres("BEGIN", "begin read only"), postgres("ROLLBACK", "rollback")],
  },
  {
    step: "listen",
    calls: [
      postgres("LISTEN", 'listen "orders"'),
      notified,
      postgres("UNLISTEN", 'unlisten "orders"'),
    ],
  },
];

/** Cursors and COPY: one span until the server is ready for the next query. */
const postgresRowSteps: readonly Step[] = [
  { step: "forEach", calls: [selected] },
  { step: "cursor", calls: [selected] },
  { step: "cursorLeft", calls: [series] },
  { step: "cursorRead", calls: [series] },
  {
    step: "cursorFailing",
    calls: [
      postgres("SELECT generate_series", "SELECT ? / (? - n) FROM generate_series(?) n", division),
    ],
  },
  { step: "copyIn", calls: [copied] },
  { step: "copyOut", calls: [postgres("COPY items", "COPY items TO STDOUT")] },
  { step: "copyOutFailing", calls: [postgres("COPY nothing", "COPY nothing TO STDOUT", missing)] },
];

export interface Mapper {
  /** Name of the table in the summary. */
  readonly table: string;
  readonly insert: string;
  readonly find: string;
  /** An insert of an existing key. */
  readonly failing?: string;
  readonly update: string;
  /** A statement whose rows are streamed, if the library supports it. */
  readonly stream?: string;
  /** Statements around the update. */
  readonly transaction?: readonly [string, string];
}

/** Steps of a library over `pg`; each library writes statements in its own way. */
export function mapperSteps(mapper: Mapper): readonly Step[] {
  const { table, insert, find, failing = insert, update, stream, transaction = [] } = mapper;
  const [begin, commit] = transaction.map((text) => postgres(text.replace(";", ""), text));
  const duplicate = {
    type: "23505",
    status: "23505",
    message: "duplicate key value violates unique constraint ?",
  };
  return [
    { step: "insert", calls: [postgres(`INSERT ${table}`, insert)] },
    { step: "find", calls: [postgres(`SELECT ${table}`, find)] },
    { step: "failing", calls: [postgres(`INSERT ${table}`, failing, duplicate)] },
    ...(stream === undefined ? [] : ["stream", "streamLeft"]).map((step) => ({
      step,
      calls: [postgres(`SELECT ${table}`, stream ?? "")],
    })),
    {
      step: "update",
      calls: [begin, postgres(`UPDATE ${table}`, update), commit].filter(
        (call) => call !== undefined,
      ),
    },
  ];
}

const returned = (installed: string): string => (installed === "sequelize5" ? "*" : '"id","name"');
const PRISMA = '"public"."prisma_items"';
const PRISMA_ALL = `${PRISMA}."id", ${PRISMA}."name"`;

/** Mappers by the name of the program; `installed` is the version. */
export const mappers: Readonly<Record<string, (installed: string) => Mapper>> = {
  knex: (installed) => ({
    table: "knex_items",
    insert: 'insert into "knex_items" ("id", "name") values ($1, $2)',
    find: 'select "id" from "knex_items" where "name" = $1',
    update: 'update "knex_items" set "name" = $1',
    // In the older version, an abandoned stream keeps the pool from ending, with and without the
    // preload.
    ...(installed === "knex" && { stream: 'select "id" from "knex_items"' }),
    transaction: ["BEGIN;", "COMMIT;"],
  }),
  sequelize: (installed) => ({
    table: "sequelize_items",
    insert: `INSERT INTO "sequelize_items" ("id","name") VALUES ($1,$2) RETURNING ${returned(installed)};`,
    failing: `INSERT INTO "sequelize_items" ("id") VALUES ($1) RETURNING ${returned(installed)};`,
    // This library writes values into the text.
    find: 'SELECT "id", "name" FROM "sequelize_items" AS "sequelize_items" WHERE "sequelize_items"."name" = ?;',
    update: 'UPDATE "sequelize_items" SET "name"=$1 WHERE "id" = $2',
  }),
  typeorm: (installed) => {
    const condition = '("typeorm_items"."name" = $1)';
    return {
      table: "typeorm_items",
      insert: 'INSERT INTO "typeorm_items"("id", "name") VALUES ($1, $2)',
      failing: 'INSERT INTO "typeorm_items"("id", "name") VALUES ($1, DEFAULT)',
      find:
        'SELECT "typeorm_items"."id" AS "typeorm_items_id", ' +
        '"typeorm_items"."name" AS "typeorm_items_name" FROM "typeorm_items" "typeorm_items" ' +
        `WHERE ${installed === "typeorm0" ? condition : `(${condition})`}`,
      update: 'UPDATE "typeorm_items" SET "name" = $1 WHERE "id" = $2',
      stream: "SELECT id FROM typeorm_items",
    };
  },
  drizzle: () => ({
    table: "drizzle_items",
    insert: 'insert into "drizzle_items" ("id", "name") values ($1, $2)',
    failing: 'insert into "drizzle_items" ("id", "name") values ($1, default)',
    find: 'select "id", "name" from "drizzle_items" where "drizzle_items"."name" = $1',
    update: 'update "drizzle_items" set "name" = $1 where "drizzle_items"."id" = $2',
  }),
  prisma: () => ({
    table: "public.prisma_items",
    insert: `INSERT INTO ${PRISMA} ("id","name") VALUES ($1,$2) RETURNING ${PRISMA_ALL}`,
    failing: `INSERT INTO ${PRISMA} ("id") VALUES ($1) RETURNING ${PRISMA_ALL}`,
    find: `SELECT ${PRISMA_ALL} FROM ${PRISMA} WHERE ${PRISMA}."name" = $1 OFFSET $2`,
    update: `UPDATE ${PRISMA} SET "name" = $1 WHERE (${PRISMA}."id" = $2 AND 1=1) RETURNING ${PRISMA_ALL}`,
  }),
};

/** @param variant variant of `node:sqlite` or `better-sqlite3` */
export function sqliteSteps({ installed, node }: Variant): readonly Step[] {
  const isNodes = installed === "node:sqlite";
  // Node 22.15 does not expose the location of a database.
  const namespace = isNodes && node === "22.15" ? undefined : ":memory:";
  const call = statementsOf({ system: "sqlite", namespace });
  const select = call("SELECT items", "SELECT name FROM items WHERE name = ?");
  return [
    {
      step: "setup",
      calls: [
        call(
          "CREATE items SELECT",
          "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); CREATE TRIGGER seven " +
            "BEFORE INSERT ON items WHEN new.id = ? BEGIN SELECT RAISE(ABORT, ?); END",
        ),
      ],
    },
    { step: "insert", calls: [call("INSERT items", "INSERT INTO items VALUES (?, ?)")] },
    { step: "get", calls: [select] },
    { step: "all", calls: [select] },
    { step: "iterate", calls: [select, select] },
    // In better-sqlite3, the abandoned iterator would keep the database locked.
    ...(isNodes ? [{ step: "dropped", calls: [select] }] : []),
    { step: "literals", calls: [select] },
    {
      step: "preparing",
      calls: [
        call("SELECT missing", "SELECT ? FROM missing", {
          type: isNodes ? "1" : "SQLITE_ERROR",
          status: isNodes ? "1" : "SQLITE_ERROR",
          message: "no such table: missing",
        }),
      ],
    },
    {
      step: "failing",
      calls: [
        call("INSERT items", "INSERT INTO items VALUES (?)", {
          type: isNodes ? "1555" : "SQLITE_CONSTRAINT_PRIMARYKEY",
          status: isNodes ? "1555" : "SQLITE_CONSTRAINT_PRIMARYKEY",
          message: "UNIQUE constraint failed: items.id",
        }),
      ],
    },
    {
      step: "errors",
      calls: [
        call("SELECT", "SELECT ?", {
          type: isNodes ? "1" : "SQLITE_ERROR",
          status: isNodes ? "1" : "SQLITE_ERROR",
          message: "unrecognized token: ?",
        }),
        call("INSERT items", "INSERT INTO items VALUES (?)", {
          type: isNodes ? "1811" : "SQLITE_CONSTRAINT_TRIGGER",
          status: isNodes ? "1811" : "SQLITE_CONSTRAINT_TRIGGER",
          message: "?",
        }),
      ],
    },
  ];
}
