import assert from "node:assert/strict";
import {
  sanitizeException,
  isUserRaised,
  sanitizeErrorMessage,
} from "../../../src/instrumentation/database-client/error-message.ts";

/** Error messages of servers that contain a value `s3cret` or `4711`, and their sanitized text. */
const messages: readonly (readonly [database: string, message: string, left: string])[] = [
  [
    "pg",
    `invalid input syntax for type integer: "s3cret"`,
    "invalid input syntax for type integer: ?",
  ],
  [
    "pg",
    `value "s3cret" is out of range for type integer`,
    "value ? is out of range for type integer",
  ],
  [
    "pg",
    `unterminated quoted string at or near "'abc s3cret"`,
    "unterminated quoted string at or near ?",
  ],
  ["pg", `syntax error at or near "s3cret"`, "syntax error at or near ?"],
  ["pg", `column "s3cret" does not exist`, "column ? does not exist"],
  [
    "pg",
    `duplicate key value violates unique constraint "users_key"`,
    "duplicate key value violates unique constraint ?",
  ],
  [
    "pg",
    `invalid byte sequence for encoding "UTF8": 0xe9 0x73`,
    "invalid byte sequence for encoding ?: ? ?",
  ],
  ["pg", `malformed array literal: "{"s3cret", "b}"`, "malformed array literal: ?"],
  ["pg", `function pg_sleep(s3cret) does not exist`, "function pg_sleep? does not exist"],
  ["pg", "division by zero", "division by zero"],
  [
    "pg",
    `ungültige Eingabesyntax für Typ integer: »s3cret«`,
    "ungültige Eingabesyntax für Typ integer: ?",
  ],
  [
    "pg",
    `syntaxe en entrée invalide pour le type integer : « s3cret »`,
    "syntaxe en entrée invalide pour le type integer : ?",
  ],
  ["pg", `l'entrée « s3cret » n'existe pas`, "l'entrée ? n'existe pas"],
  ["pg", `型integerの入力構文が不正です: 「s3cret」`, "型integerの入力構文が不正です: ?"],
  [
    "mysql",
    "ER_DUP_ENTRY: Duplicate entry 's3cret@example.com' for key 'PRIMARY'",
    "ER_DUP_ENTRY: Duplicate entry ?",
  ],
  ["mysql2", "Duplicate entry 'it's s3cret' for key 'PRIMARY'", "Duplicate entry ?"],
  [
    "mysql2",
    "Incorrect integer value: 's3cret' for column `shop`.`items`.`id` at row 1",
    "Incorrect integer value: ? at row ?",
  ],
  ["mysql2", "Table 'shop.nothing' doesn't exist", "Table ? doesn't exist"],
  [
    "mysql2",
    "Access denied for user 's3cret'@'localhost' (using password: YES)",
    "Access denied for user ?",
  ],
  ["mysql2", `Duplicate entry '${"x' ".repeat(300)}s3cret`, "Duplicate entry ?"],
  [
    "mysql2",
    `Duplicate entry '${"x".repeat(2000)}' s3cret' for key 'PRIMARY'`,
    "Duplicate entry ?",
  ],
  ["mysql", "ER_SIGNAL_EXCEPTION: no money for s3cret", "?"],
  [
    "mongodb",
    `E11000 duplicate key error collection: shop.users index: email_1 dup key: { email: "s3cret" }`,
    "E11000 duplicate key error collection: shop.users index: email_1 dup key: ?",
  ],
  [
    "mongodb",
    `E11000 duplicate key error collection: shop.users index: n_1 dup key: { n: 4711 }`,
    "E11000 duplicate key error collection: shop.users index: n_1 dup key: ?",
  ],
  [
    "mongodb",
    `Cannot apply $inc to a value of non-numeric type. {_id: 4711} has the field 'n' of non-numeric type string`,
    "Cannot apply $inc to a value of non-numeric type. ? of non-numeric type string",
  ],
  [
    "mongodb",
    `Failed to parse number 's3cret' in $convert with no onError value`,
    "Failed to parse number ? in $convert with no onError value",
  ],
  [
    "redis",
    "ERR unknown command 'x', with args beginning with: 's3cret' 'b' ",
    "ERR unknown command ?",
  ],
  [
    "redis",
    "ERR unknown command `x`, with args beginning with: `s3cret`, ",
    "ERR unknown command ?,",
  ],
  [
    "redis",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
  ],
  [
    "redis",
    "ERR wrong number of arguments for 'get' command",
    "ERR wrong number of arguments for ? command",
  ],
  ["redis", "NOPERM User s3cret has no permissions to run the 'get' command", "NOPERM User ?"],
  ["redis", "Syntax error at offset 4711 near s3cret", "Syntax error at offset ? near ?"],
  ["redis", "ERR s3cret script: 6b1bf486c81ceb7edf3c093f4c48582e38c0e791, on @user_script:1.", "?"],
  ["redis", "ERR Error running script (call to f_6b): @user_script:1: user_script:1: s3cret", "?"],
  ["sqlite", `near "s3cret": syntax error`, "near ?: syntax error"],
  ["sqlite", `unrecognized token: "'s3cret"`, "unrecognized token: ?"],
  ["sqlite", "no such column: s3cret", "no such column: ?"],
  [
    "sqlite",
    `no such column: "s3cret" - should this be a string literal in single-quotes?`,
    "no such column: ? - should this be a string literal in single-quotes?",
  ],
  ["sqlite", "UNIQUE constraint failed: items.id", "UNIQUE constraint failed: items.id"],
  [
    "tedious",
    "Violation of UNIQUE KEY constraint 'UQ_1'. Cannot insert duplicate key in object 'dbo.t'. The duplicate key value is (s3cret).",
    "Violation of UNIQUE KEY constraint ?.",
  ],
  [
    "tedious",
    "Conversion failed when converting the varchar value 's3cret' to data type int.",
    "Conversion failed when converting the varchar value ? to data type int.",
  ],
  [
    "oracledb",
    "ORA-00001: unique constraint (SHOP.PK) violated on table SHOP.T columns (ID)\nORA-03301: (ORA-00001 details) row with column values (ID:4711) already exists",
    "ORA-00001: unique constraint ? already exists",
  ],
  [
    "oracledb",
    "ORA-01438: value 4711 greater than specified precision (5, 2) for column",
    "ORA-01438: value ? greater than specified precision ? for column",
  ],
  ["oracledb", "ORA-20001: account of s3cret is blocked\nORA-06512: at line 1", "?"],
  [
    "cassandra",
    `Invalid STRING constant (s3cret) for "id" of type int`,
    "Invalid STRING constant ? of type int",
  ],
  [
    "cassandra",
    "line 1:20 no viable alternative at input 's3cret' (...[s3cret]...)",
    "line ? no viable alternative at input ?",
  ],
  ["cassandra", "Undefined column name s3cret in table shop.items", "Undefined column name ?"],
  ["memcached", `CLIENT_ERROR bad data chunk for "s3cret"`, "CLIENT_ERROR bad data chunk for ?"],
];

describe("The error message of a database", () => {
  for (const [database, message, left] of messages) {
    it(`contains no value: ${database}: ${message.slice(0, 60)}`, () => {
      assert.equal(sanitizeErrorMessage(message), left);
      assert.doesNotMatch(sanitizeErrorMessage(message), /s3cret|4711/);
    });
  }

  for (const [database, message] of messages) {
    it(`contains no value in the stack either: ${database}: ${message.slice(0, 60)}`, () => {
      const clean = sanitizeException(new TypeError(message), database);
      assert.ok(typeof clean === "object");
      assert.doesNotMatch(clean.stack ?? "", /s3cret|4711/);
      assert.match(clean.stack ?? "", /\n {4}at .*error-message\.test\.ts/);
    });
  }

  it("is not mistaken for a stack frame", () => {
    const lines = new Error("Duplicate entry 'a\n    at s3cret\n    at b' for key 'name'");
    const changed = new Error("Duplicate entry 'a\n    at s3cret\n    at b' for key 'name'");
    changed.message = "Something else";
    for (const error of [lines, changed]) {
      const clean = sanitizeException(error, "mysql");
      assert.ok(typeof clean === "object");
      assert.doesNotMatch(clean.stack ?? "", /s3cret/);
    }
  });

  const raised: readonly (readonly [system: string, code: string, isRaised: boolean])[] = [
    ["postgresql", "P0001", true],
    ["postgresql", "38001", true],
    ["postgresql", "57014", false],
    ["postgresql", "23505", false],
    ["mysql", "1644", true],
    ["mysql", "1062", false],
    ["sqlite", "1811", true],
    ["sqlite", "1555", false],
    ["mongodb", "139", true],
    ["mongodb", "11000", false],
    ["cassandra", "5120", true],
    ["microsoft.sql_server", "50000", true],
    ["microsoft.sql_server", "51234", true],
    ["microsoft.sql_server", "2627", false],
    ["redis", "ERR", false],
  ];
  for (const [system, code, expected] of raised) {
    it(`is ${expected ? "raised by the app's code" : "the server's"} for ${code} of ${system}`, () => {
      assert.equal(isUserRaised(system, code), expected);
    });
  }
});
