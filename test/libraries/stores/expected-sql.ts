import type { ExpectedCall, Step } from "./rows.ts";

export interface Database {
  readonly system: string;
  readonly namespace: string;
}

export type Call = (summary: string, text: string, failure?: Failure) => ExpectedCall;

interface Failure {
  readonly type: string;
  readonly status: string;
  readonly message: string;
}

/** A statement, whose operation is the first word of its summary. */
export function statementsOf({ system, namespace }: Database): Call {
  return (summary, text, failure) => ({
    name: summary,
    attributes: {
      "db.system.name": system,
      "db.namespace": namespace,
      "db.operation.name": summary.split(" ")[0],
      "db.query.text": text,
      "db.query.summary": summary,
      ...(failure && { "error.type": failure.type, "db.response.status_code": failure.status }),
    },
    ...(failure && { error: failure.message }),
  });
}

const mysql = statementsOf({ system: "mysql", namespace: "shop" });

export const mysql2Steps: readonly Step[] = [
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
    step: "transaction",
    calls: [
      mysql("START", "START TRANSACTION"),
      mysql("UPDATE items", "UPDATE items SET name = ?"),
      mysql("ROLLBACK", "ROLLBACK"),
    ],
  },
];
