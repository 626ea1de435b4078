import assert from "node:assert/strict";
import {
  describeSql,
  type Dialect,
  MAX_SQL_LENGTH,
  type SqlDescription,
} from "../../../src/instrumentation/database-client/sql.ts";

const cases: readonly (SqlDescription & { readonly title: string; readonly sql: string })[] = [
  {
    title: "keeps what has no literals",
    sql: "SELECT id, name FROM products WHERE id = $1",
    text: "SELECT id, name FROM products WHERE id = $1",
    operation: "SELECT",
    summary: "SELECT products",
  },
  {
    title: "summarises without the generated parts of names",
    sql: 'SELECT a FROM tmp_3f2a9c1b7d4e JOIN "import-1700000000123" ON b = c',
    text: 'SELECT a FROM tmp_3f2a9c1b7d4e JOIN "import-1700000000123" ON b = c',
    operation: "SELECT",
    summary: "SELECT tmp_* import-*",
  },
  {
    title: "hides strings and numbers",
    sql: "SELECT * FROM users WHERE email = 'a@b.c' AND age > 42 AND score < -1.5e-3",
    text: "SELECT * FROM users WHERE email = ? AND age > ? AND score < -?",
    operation: "SELECT",
    summary: "SELECT users",
  },
  {
    title: "hides strings with quotes in them",
    sql: "UPDATE t SET a = 'it''s', b = E'it\\'s \\\\', c = U&'d\\0061t', d = N'x', e = B'01', f = X'1F'",
    text: "UPDATE t SET a = ?, b = ?, c = ?, d = ?, e = ?, f = ?",
    operation: "UPDATE",
    summary: "UPDATE t",
  },
  {
    title: "hides dollar quotes, tagged ones too",
    sql: "INSERT INTO t VALUES ($$sec'ret$$, $tag$sec $$ ret$tag$, $1)",
    text: "INSERT INTO t VALUES (?, ?, $1)",
    operation: "INSERT",
    summary: "INSERT t",
  },
  {
    title: "drops comments, nested ones too",
    sql: "/* user 'bob' /* inner */ */ SELECT 1 -- secret\n FROM t",
    text: "SELECT ? FROM t",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "hides what is cut off or never ends",
    sql: "SELECT * FROM t WHERE a = 'never ends",
    text: "SELECT * FROM t WHERE a = ?",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "drops a comment that never ends",
    sql: "SELECT * FROM t /* secret",
    text: "SELECT * FROM t",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "hides a dollar quote that never ends",
    sql: "SELECT $$secret",
    text: "SELECT ?",
    operation: "SELECT",
    summary: "SELECT",
  },
  {
    title: "makes one of a list, however long",
    sql: "SELECT * FROM t WHERE id IN (1, 2,\n 3) OR id IN ( 4 )",
    text: "SELECT * FROM t WHERE id IN (?) OR id IN ( ? )",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "makes one of the rows of an insert",
    sql: "INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y'), (3, 'z')",
    text: "INSERT INTO t (a, b) VALUES (?)",
    operation: "INSERT",
    summary: "INSERT t",
  },
  {
    title: "keeps names that hold digits and quotes",
    sql: 'SELECT t1.x2, "Sum 3" FROM "Order Lines" t1',
    text: 'SELECT t1.x2, "Sum 3" FROM "Order Lines" t1',
    operation: "SELECT",
    summary: "SELECT Order Lines",
  },
  {
    title: "keeps names that aren't ASCII",
    sql: "SELECT größe FROM räume WHERE größe > 3",
    text: "SELECT größe FROM räume WHERE größe > ?",
    operation: "SELECT",
    summary: "SELECT räume",
  },
  {
    title: "makes one blank of many",
    sql: "\n  SELECT *\n\tFROM t\n",
    text: "SELECT * FROM t",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "knows tables that are joined",
    sql: "select o.id from shop.orders o join public.users u on u.id = o.user_id left join items using (id)",
    text: "select o.id from shop.orders o join public.users u on u.id = o.user_id left join items using (id)",
    operation: "SELECT",
    summary: "SELECT shop.orders public.users items",
  },
  {
    title: "knows tables in a list",
    sql: "SELECT * FROM a, b AS x, only c WHERE a.i, b.j",
    text: "SELECT * FROM a, b AS x, only c WHERE a.i, b.j",
    operation: "SELECT",
    summary: "SELECT a b c",
  },
  {
    title: "knows a statement in a statement",
    sql: "INSERT INTO archive SELECT * FROM orders WHERE id IN (SELECT id FROM old)",
    text: "INSERT INTO archive SELECT * FROM orders WHERE id IN (SELECT id FROM old)",
    operation: "INSERT",
    summary: "INSERT archive SELECT orders SELECT old",
  },
  {
    title: "knows a common table expression",
    sql: "WITH x AS (DELETE FROM jobs RETURNING *) SELECT count(*) FROM x",
    text: "WITH x AS (DELETE FROM jobs RETURNING *) SELECT count(*) FROM x",
    operation: "WITH",
    summary: "WITH DELETE jobs SELECT x",
  },
  {
    title: "takes no function's FROM for a table",
    sql: "SELECT extract(epoch FROM created), substring(name from 2) FROM t WHERE a IS DISTINCT FROM b",
    text: "SELECT extract(epoch FROM created), substring(name from ?) FROM t WHERE a IS DISTINCT FROM b",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "takes no clause for an operation",
    sql: "INSERT INTO t (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET n = 1 RETURNING id",
    text: "INSERT INTO t (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET n = ? RETURNING id",
    operation: "INSERT",
    summary: "INSERT t",
  },
  {
    title: "takes no lock for an operation",
    sql: "SELECT * FROM t FOR UPDATE SKIP LOCKED",
    text: "SELECT * FROM t FOR UPDATE SKIP LOCKED",
    operation: "SELECT",
    summary: "SELECT t",
  },
  {
    title: "knows statements about tables",
    sql: "CREATE TABLE IF NOT EXISTS orders (id int)",
    text: "CREATE TABLE IF NOT EXISTS orders (id int)",
    operation: "CREATE",
    summary: "CREATE orders",
  },
  {
    title: "knows the table of a TRUNCATE",
    sql: "TRUNCATE orders",
    text: "TRUNCATE orders",
    operation: "TRUNCATE",
    summary: "TRUNCATE orders",
  },
  {
    title: "knows statements about nothing",
    sql: "begin;",
    text: "begin;",
    operation: "BEGIN",
    summary: "BEGIN",
  },
  {
    title: "has no operation where it would be made of values",
    sql: "FOO('secret'), 1",
    text: "FOO(?), ?",
    operation: undefined,
    summary: undefined,
  },
  {
    title: "reads VALUES without a blank",
    sql: "VALUES('secret')",
    text: "VALUES(?)",
    operation: "VALUES",
    summary: "VALUES",
  },
  {
    title: "says nothing of nothing",
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
    title: "of MySQL hides strings in both quotes, and keeps names in backticks",
    dialect: "mysql",
    sql: "SELECT `id` FROM `shop`.`items` WHERE a = \"sec'ret\" AND b = 'sec\\'ret' AND c = 'x'''",
    text: "SELECT `id` FROM `shop`.`items` WHERE a = ? AND b = ? AND c = ?",
    operation: "SELECT",
    summary: "SELECT shop.items",
  },
  {
    title: "of MySQL drops its comments, which don't nest, and no double minus",
    dialect: "mysql",
    sql: "REPLACE INTO items # secret\nSET a = 5--3 /* secret /* */, b = c -- secret",
    text: "REPLACE INTO items SET a = ?--? , b = c",
    operation: "REPLACE",
    summary: "REPLACE items",
  },
  {
    title: "of SQLite keeps names in all its quotes",
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

  it("is read up to a length", () => {
    const { text } = describeSql(`SELECT '${"x".repeat(2 * MAX_SQL_LENGTH)}', secret`);
    assert.equal(text, "SELECT ?");
  });

  it("has a summary of 255 characters at most, of whole names", () => {
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
