import assert from "node:assert/strict";
import type { SqlDescription } from "../../../src/instrumentation/database-client/sql-scanner.ts";
import { describeSql, MAX_SQL_LENGTH } from "../../../src/instrumentation/database-client/sql.ts";
import type { Dialect } from "../../../src/queries/sql-tokens.ts";

const cases: readonly (SqlDescription & { readonly title: string; readonly sql: string })[] = [
  {
    title: "keeps text without literals",
    sql: "SELECT id, name FROM products WHERE id = $1",
    text: "SELECT id, name FROM products WHERE id = $1",
    operation: "SELECT",
    summary: "SELECT products",
  },
  {
    title: "has a summary without a table that a placeholder stands for",
    sql: "SELECT * FROM $1 WHERE id = $2",
    text: "SELECT * FROM $1 WHERE id = $2",
    operation: "SELECT",
    summary: "SELECT",
  },
  {
    title: "has a summary without generated parts of names",
    sql: 'SELECT a FROM tmp_3f2a9c1b7d4e JOIN "import-1700000000123" ON b = c',
    text: 'SELECT a FROM tmp_3f2a9c1b7d4e JOIN "import-1700000000123" ON b = c',
    operation: "SELECT",
    summary: "SELECT tmp_* import-*",
  },
  {
    title: "masks strings and numbers",
    sql: "SELECT * FROM users WHERE email = 'a@b.c' AND age > 42 AND score < -1.5e-3",
    text: "SELECT * FROM users WHERE email = ? AND age > ? AND score < -?",
    operation: "SELECT",
    summary: "SELECT users",
  },
  {
    title: "masks strings that contain quotes",
    sql: "UPDATE t SET a = 'it''s', b = E'it\\'s \\\\', c = U&'d\\0061t', d = N'x', e = B'01', f = X'1F'",
    text: "UPDATE t SET a = ?, b = ?, c = ?, d = ?, e = ?, f = ?",
    operation: "UPDATE",
    summary: "UPDATE t",
  },
  {
    title: "masks dollar quotes, with and without a tag",
    sql: "INSERT INTO t VALUES ($$sec'ret$$, $tag$sec $$ ret$tag$, $1)",
    text: "INSERT INTO t VALUES (?, ?, $1)",
    operation: "INSERT",
    summary: "INSERT t",
  },
  {
    title: "drops comments, nested ones included",
    sql: "/* user 'bob' /* inner */ */ SELECT 1 -- secret\n FROM t",
    text: "SELECT ? FROM t",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "masks a literal that is truncated",
    sql: "SELECT * FROM t WHERE a = 'never ends",
    text: "SELECT * FROM t WHERE a = ?",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "drops an unterminated comment",
    sql: "SELECT * FROM t /* secret",
    text: "SELECT * FROM t",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "masks an unterminated dollar quote",
    sql: "SELECT $$secret",
    text: "SELECT ?",
    operation: "SELECT",
    summary: "SELECT",
  },
  {
    title: "collapses lists of literals",
    sql: "SELECT * FROM t WHERE id IN (1, 2,\n 3) OR id IN ( 4 )",
    text: "SELECT * FROM t WHERE id IN (?) OR id IN ( ? )",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "collapses the rows of an INSERT",
    sql: "INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y'), (3, 'z')",
    text: "INSERT INTO t (a, b) VALUES (?)",
    operation: "INSERT",
    summary: "INSERT t",
  },
  {
    title: "keeps names with digits and quotes",
    sql: 'SELECT t1.x2, "Sum 3" FROM "Order Lines" t1',
    text: 'SELECT t1.x2, "Sum 3" FROM "Order Lines" t1',
    operation: "SELECT",
    summary: "SELECT Order Lines",
  },
  {
    title: "keeps non-ASCII names",
    sql: "SELECT größe FROM räume WHERE größe > 3",
    text: "SELECT größe FROM räume WHERE größe > ?",
    operation: "SELECT",
    summary: "SELECT räume",
  },
  {
    title: "collapses white space",
    sql: "\n  SELECT *\n\tFROM t\n",
    text: "SELECT * FROM t",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "finds joined tables",
    sql: "select o.id from shop.orders o join public.users u on u.id = o.user_id left join items using (id)",
    text: "select o.id from shop.orders o join public.users u on u.id = o.user_id left join items using (id)",
    operation: "SELECT",
    summary: "SELECT shop.orders public.users items",
  },
  {
    title: "finds tables in a list",
    sql: "SELECT * FROM a, b AS x, only c WHERE a.i, b.j",
    text: "SELECT * FROM a, b AS x, only c WHERE a.i, b.j",
    operation: "SELECT",
    summary: "SELECT a b c",
  },
  {
    title: "finds nested statements",
    sql: "INSERT INTO archive SELECT * FROM orders WHERE id IN (SELECT id FROM old)",
    text: "INSERT INTO archive SELECT * FROM orders WHERE id IN (SELECT id FROM old)",
    operation: "INSERT",
    summary: "INSERT archive SELECT orders SELECT old",
  },
  {
    title: "finds a common table expression",
    sql: "WITH x AS (DELETE FROM jobs RETURNING *) SELECT count(*) FROM x",
    text: "WITH x AS (DELETE FROM jobs RETURNING *) SELECT count(*) FROM x",
    operation: "WITH",
    summary: "WITH DELETE jobs SELECT x",
  },
  {
    title: "ignores FROM inside a function call",
    sql: "SELECT extract(epoch FROM created), substring(name from 2) FROM t WHERE a IS DISTINCT FROM b",
    text: "SELECT extract(epoch FROM created), substring(name from ?) FROM t WHERE a IS DISTINCT FROM b",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "ignores clauses that look like operations",
    sql: "INSERT INTO t (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET n = 1 RETURNING id",
    text: "INSERT INTO t (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET n = ? RETURNING id",
    operation: "INSERT",
    summary: "INSERT t",
  },
  {
    title: "ignores locking clauses",
    sql: "SELECT * FROM t FOR UPDATE SKIP LOCKED",
    text: "SELECT * FROM t FOR UPDATE SKIP LOCKED",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "finds the tables of DDL statements",
    sql: "CREATE TABLE IF NOT EXISTS orders (id int)",
    text: "CREATE TABLE IF NOT EXISTS orders (id int)",
    operation: "CREATE",
    summary: "CREATE orders",
  },
  {
    title: "finds the table of TRUNCATE",
    sql: "TRUNCATE orders",
    text: "TRUNCATE orders",
    operation: "TRUNCATE",
    summary: "TRUNCATE orders",
  },
  {
    title: "handles statements without a table",
    sql: "begin;",
    text: "begin;",
    operation: "BEGIN",
    summary: "BEGIN",
  },
  {
    title: "has no operation if it begins with a value",
    sql: "FOO('secret'), 1",
    text: "FOO(?), ?",
    operation: undefined,
    summary: undefined,
  },
  {
    title: "handles VALUES without white space",
    sql: "VALUES('secret')",
    text: "VALUES(?)",
    operation: "VALUES",
    summary: "VALUES",
  },
  {
    title: "handles an empty statement",
    sql: "",
    text: "",
    operation: undefined,
    summary: undefined,
  },
];

const dialects: readonly (SqlDescription & {
  readonly title: string;
  readonly dialect: Dialect;
  readonly sql: string;
})[] = [
  {
    title: "of MySQL has strings in both quotes masked and names in backticks kept",
    dialect: "mysql",
    sql: "SELECT `id` FROM `shop`.`items` WHERE a = \"sec'ret\" AND b = 'sec\\'ret' AND c = 'x'''",
    text: "SELECT `id` FROM `shop`.`items` WHERE a = ? AND b = ? AND c = ?",
    operation: "SELECT",
    summary: "SELECT shop.items",
  },
  {
    title: "of MySQL has its comments dropped, which do not nest, but no double minus",
    dialect: "mysql",
    sql: "REPLACE INTO items # secret\nSET a = 5--3 /* secret /* */, b = c -- secret",
    text: "REPLACE INTO items SET a = ?--? , b = c",
    operation: "REPLACE",
    summary: "REPLACE items",
  },
  {
    title: "of SQLite has names kept in all their quotes",
    dialect: "sqlite",
    sql: "SELECT \"a\" FROM [my items] JOIN `other` ON b = x'1f' WHERE c = 'it''s' AND d = :d",
    text: 'SELECT "a" FROM [my items] JOIN `other` ON b = ? WHERE c = ? AND d = :d',
    operation: "SELECT",
    summary: "SELECT my items other",
  },
];

describe("A statement", () => {
  for (const { title, dialect, sql, ...expected } of dialects) {
    it(title, () => assert.deepEqual(describeSql(sql, dialect), expected));
  }

  for (const { title, sql, ...expected } of cases) {
    it(title, () => assert.deepEqual(describeSql(sql), expected));
  }

  it("is truncated to a maximum length", () => {
    const { text } = describeSql(`SELECT '${"x".repeat(2 * MAX_SQL_LENGTH)}', secret`);
    assert.equal(text, "SELECT ?");
  });

  it("has a summary of at most 255 characters, without truncated names", () => {
    const tables = Array.from({ length: 100 }, (_, place) => `table_${place}`);
    const { summary = "" } = describeSql(`SELECT * FROM ${tables.join(", ")}`);
    assert.ok(summary.length <= 255, String(summary.length));
    assert.match(summary, /^SELECT table_0 .* table_\d+$/);
  });

  it("is read in time that grows with its length only", () => {
    for (const piece of ["((", "'", '"', "/*", "$a$", "E'\\", "1.", "--"]) {
      const start = process.cpuUsage();
      for (const dialect of ["standard", "mysql", "sqlite"] as const) {
        describeSql(piece.repeat(MAX_SQL_LENGTH), dialect);
      }
      assert.ok(process.cpuUsage(start).user < 5_000_000, `${piece} took too long`);
    }
  });
});
