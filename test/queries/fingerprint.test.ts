import assert from "node:assert/strict";
import * as fc from "fast-check";
import { httpFingerprint } from "../../src/queries/http-fingerprint.ts";
import { mongoFingerprint } from "../../src/queries/mongo-fingerprint.ts";
import { redisFingerprint } from "../../src/queries/redis-fingerprint.ts";
import { sqlFingerprint } from "../../src/queries/sql-fingerprint.ts";
import type { Dialect } from "../../src/queries/sql-tokens.ts";
import { cpuMsOf } from "../cpu-time.ts";

interface SqlCase {
  readonly title: string;
  readonly dialect?: Dialect;
  readonly sql: readonly string[];
  readonly text: string;
  readonly tables?: readonly string[];
}

/** Statements that share a fingerprint. */
const sqlCases: readonly SqlCase[] = [
  {
    title: "literals and placeholders of all kinds",
    sql: [
      "SELECT a FROM t WHERE b = 1",
      "SELECT a FROM t WHERE b = -1.5e3",
      "SELECT a FROM t WHERE b = 'it''s'",
      "SELECT a FROM t WHERE b = E'it\\'s'",
      "SELECT a FROM t WHERE b = $1",
      "SELECT a FROM t WHERE b = ?",
      "SELECT a FROM t WHERE b = :name",
      "SELECT a FROM t WHERE b = @p1",
      "SELECT a FROM t WHERE b=$tag$ a ' b $tag$",
      "SELECT a FROM t WHERE b = NULL",
      "SELECT a FROM t WHERE b = true",
    ],
    text: "SELECT a FROM t WHERE b = ?",
    tables: ["t"],
  },
  {
    title: "white space and comments",
    sql: [
      "SELECT a,b FROM t",
      "  SELECT\n\ta , b\nFROM t ;",
      "/* route='/x' /* nested */ */ SELECT a, b -- all\nFROM t;",
    ],
    text: "SELECT a, b FROM t",
    tables: ["t"],
  },
  {
    title: "lists of IN and arrays of any length",
    sql: [
      "SELECT a FROM t WHERE b IN (1) AND c = ANY(ARRAY[1])",
      "SELECT a FROM t WHERE b IN ($1, $2,$3) AND c = ANY(ARRAY[1, -2, 3])",
      "SELECT a FROM t WHERE b in(1,'x', NULL) AND c = ANY(ARRAY['a','b'])".replace("in(", "IN ("),
    ],
    text: "SELECT a FROM t WHERE b IN (?) AND c = ANY(ARRAY[?])",
  },
  {
    title: "lists of tuples of any length",
    sql: [
      "SELECT a FROM t WHERE (b, c) IN ((1, 2))",
      "SELECT a FROM t WHERE (b, c) IN ((1, 2), (3, 4), ($1, $2))",
    ],
    text: "SELECT a FROM t WHERE (b, c) IN ((?, ?))",
  },
  {
    title: "rows of VALUES of any number",
    sql: [
      "INSERT INTO t (a, b) VALUES ($1, DEFAULT)",
      "INSERT INTO t(a,b) VALUES (1,DEFAULT),('x', DEFAULT), (NULL, DEFAULT)",
    ],
    text: "INSERT INTO t(a, b) VALUES (?, DEFAULT)",
    tables: ["t"],
  },
  {
    title: "names in double quotes, which stay",
    sql: ['SELECT "a" FROM "s"."t" WHERE "b" = 1', 'SELECT "a" FROM "s" . "t" WHERE "b" = $1'],
    text: 'SELECT "a" FROM "s"."t" WHERE "b" = ?',
    tables: ["s.t"],
  },
  {
    title: "strings in double quotes of MySQL, and its variables, which are none",
    dialect: "mysql",
    sql: [
      'SELECT `a` FROM `t` WHERE b = "x" AND c = @session',
      "SELECT `a` FROM `t` WHERE b = 'x\\'y' AND c = @session # all",
    ],
    text: "SELECT `a` FROM `t` WHERE b = ? AND c = @session",
    tables: ["t"],
  },
  {
    title: "casts, which are no placeholders",
    sql: ["SELECT a::int FROM t WHERE b = $1::text[]"],
    text: "SELECT a::int FROM t WHERE b = ?::text[]",
  },
];

const differing: readonly (readonly [title: string, ...sql: readonly string[]])[] = [
  ["tables", "SELECT a FROM t", "SELECT a FROM u"],
  ["columns", "SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE c = 1"],
  ["IS NULL and a value", "SELECT a FROM t WHERE b IS NULL", "SELECT a FROM t WHERE b IS $1"],
  ["numbers of arguments", "SELECT f(1) FROM t", "SELECT f(1, 2) FROM t"],
  ["a list and a query", "SELECT a FROM t WHERE b IN (1)", "SELECT a FROM t WHERE b IN (SELECT 1)"],
  ["rows of different form", "INSERT INTO t VALUES (1, now())", "INSERT INTO t VALUES (1, 2)"],
  ["quoted names of other case", 'SELECT "a" FROM t', 'SELECT "A" FROM t'],
  ["subtraction and a sign", "SELECT a - 1 FROM t", "SELECT -1 FROM t"],
];

const targetCases: readonly (readonly [sql: string, operation: string, ...tables: string[]])[] = [
  [
    "SELECT * FROM a, b AS x JOIN ONLY c ON true WHERE d IN (SELECT e FROM f)",
    "SELECT",
    "a",
    "b",
    "c",
    "f",
  ],
  ["INSERT INTO s.a (b) SELECT c FROM d", "INSERT", "s.a", "d"],
  ["UPDATE a SET b = 1 FROM c", "UPDATE", "a", "c"],
  ["DELETE FROM a USING b WHERE a.c = b.c", "DELETE", "a"],
  ["WITH x AS (SELECT * FROM a), y AS (UPDATE b SET c = 1) SELECT * FROM x, y", "SELECT", "a", "b"],
  [
    "SELECT extract(day FROM c), substring(d FROM 2) FROM a WHERE b IS DISTINCT FROM c",
    "SELECT",
    "a",
  ],
  ["SELECT * FROM generate_series(1, 10)", "SELECT"],
  ["INSERT INTO a VALUES (1) ON CONFLICT (b) DO UPDATE SET c = 1", "INSERT", "a"],
  ["SELECT * FROM a FOR UPDATE SKIP LOCKED", "SELECT", "a"],
  ["BEGIN", "BEGIN"],
  ["", ""],
];

describe("The fingerprint of a statement", () => {
  for (const { title, dialect = "standard", sql, text, tables } of sqlCases) {
    it(`is the same for ${title}`, () => {
      for (const statement of sql) {
        const found = sqlFingerprint(statement, dialect);
        assert.equal(found.text, text, statement);
        if (tables !== undefined) assert.deepEqual(found.tables, tables);
      }
    });
  }

  for (const [title, ...sql] of differing) {
    it(`differs for ${title}`, () => {
      const texts = new Set(sql.map((statement) => sqlFingerprint(statement).text));
      assert.equal(texts.size, sql.length, [...texts].join("\n"));
    });
  }

  for (const [sql, operation, ...tables] of targetCases) {
    it(`has the operation and the tables of ${sql}`, () => {
      const found = sqlFingerprint(sql);
      assert.deepEqual([found.operation, ...found.tables], [operation, ...tables]);
    });
  }

  it("reports the comment that excludes a statement, in each form", () => {
    for (const sql of [
      "/* telltale: ignore */ SELECT 1",
      "SELECT 1 -- telltale:ignore\n",
      "SELECT 1 /* x, telltale: ignore (known) */",
    ]) {
      assert.equal(sqlFingerprint(sql).isIgnored, true, sql);
    }
    assert.equal(sqlFingerprint("SELECT 'telltale: ignore'").isIgnored, false);
    assert.equal(sqlFingerprint("SELECT 1 # telltale: ignore", "mysql").isIgnored, true);
  });

  it("is its own fingerprint", () => {
    fc.assert(
      fc.property(statements, ({ sql }) => {
        const { text } = sqlFingerprint(sql);
        assert.equal(sqlFingerprint(text).text, text);
      }),
    );
  });

  it("does not depend on literals, white space, comments and numbers of values", () => {
    fc.assert(
      fc.property(statements, statements, (a, b) => {
        const isSame = a.form === b.form;
        assert.equal(sqlFingerprint(a.sql).text === sqlFingerprint(b.sql).text, isSame);
      }),
    );
  });

  it("never throws and takes linear time, whatever the text", () => {
    const dialects: readonly Dialect[] = ["standard", "mysql", "sqlite"];
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 300 }),
        fc.constantFrom(...dialects),
        (sql, dialect) => {
          sqlFingerprint(sql, dialect);
        },
      ),
    );
    for (const part of [
      "(",
      "IN ((",
      "ARRAY[",
      "VALUES (1),",
      "/*",
      "''",
      '"',
      "$a$",
      "- ",
      "IN (1,",
      ".a",
      "WITH a AS (",
    ]) {
      const ms = cpuMsOf(() => {
        for (const dialect of dialects) sqlFingerprint(part.repeat(100_000), dialect);
      });
      assert.ok(ms < 2000, `${part}: ${ms} ms`);
    }
  });
});

const literal = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.string({ maxLength: 20 }).map((text) => `'${text.replaceAll("'", "''")}'`),
  fc.constantFrom("NULL", "TRUE", "$1", "?", ":a", "$x$ y $x$"),
);
const blank = fc.constantFrom(" ", "\n", "  ", " /* c */ ", " -- c\n");
const list = (of: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(of, { minLength: 1, maxLength: 5 }).map((items) => items.join(", "));

/** Statements, each with the name of its form: those of one form share a fingerprint. */
const statements = fc.oneof(
  fc
    .tuple(blank, literal, blank, list(literal))
    .map(([a, value, b, values]) => `SELECT${a}x FROM t WHERE y =${b}${value} AND z IN (${values})`)
    .map((sql) => ({ form: "select", sql })),
  fc
    .tuple(blank, list(fc.tuple(literal, literal).map((pair) => `(${pair.join(",")})`)))
    .map(([a, rows]) => ({ form: "insert", sql: `INSERT INTO t (x, y)${a}VALUES ${rows}` })),
  fc
    .tuple(literal, blank, literal)
    .map(([a, b, c]) => ({ form: "update", sql: `UPDATE t SET x = ${a}${b}WHERE y = ${c};` })),
);

describe("The fingerprint of other calls", () => {
  const redis: readonly (readonly [command: string, text: string])[] = [
    ["get user:1", "GET user:?"],
    ["GET user:3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4b:cart", "GET user:?:cart"],
    ["HGET session:V1StGXR8_Z5jdHi6B-myT name", "HGET session:?"],
    ["GET config", "GET config"],
    ["MGET a:1 a:2", "MGET a:?"],
    ["EVALSHA 0123456789abcdef 1 key", "EVALSHA"],
    ["PING", "PING"],
  ];
  for (const [command, text] of redis) {
    it(`of Redis for ${command}`, () => assert.equal(redisFingerprint(command).text, text));
  }

  it("of MongoDB has the collection and no values", () => {
    const texts = [[1], [1, 2, "x"]].map((ids) =>
      JSON.stringify({
        find: "items",
        filter: { _id: { $in: ids }, name: 'a"}b' },
        limit: ids.length,
      }),
    );
    const expected = '{"find":"items","filter":{"_id":{"$in":[?]},"name":?},"limit":?}';
    for (const text of texts) assert.equal(mongoFingerprint(text).text, expected);
    assert.equal(mongoFingerprint(expected).text, expected);
    assert.doesNotThrow(() => mongoFingerprint(texts[0]!.slice(0, 40)));
  });

  const http: readonly (readonly [request: string, text: string])[] = [
    [
      "GET http://user:pass@api.test:3000/users/12?full=1&x=a#y",
      "GET http://api.test:3000/users/??full=?&x=?",
    ],
    [
      "POST https://api.test/orders/64b0c1f2a3d4e5f60718293a/items",
      "POST https://api.test/orders/?/items",
    ],
    ["GET http://api.test", "GET http://api.test"],
    ["GET", "GET "],
  ];
  for (const [request, text] of http) {
    it(`of HTTP for ${request}`, () => assert.equal(httpFingerprint(request).text, text));
  }
});
