import assert from "node:assert/strict";
import {
  commandText,
  documentText,
  parameterTexts,
  valueText,
} from "../../src/development/call-values.ts";

const hostile = {
  get secret(): string {
    throw new Error("a getter of the app ran");
  },
  toString() {
    throw new Error("a method of the app ran");
  },
  toJSON() {
    throw new Error("a method of the app ran");
  },
};

const values: readonly (readonly [title: string, value: unknown, text: string | RegExp])[] = [
  ["a text", "a'b", "a'b"],
  ["a number", 1.5, "1.5"],
  ["null", null, "null"],
  ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
  ["bytes", Buffer.from("abc"), "<3 bytes>"],
  ["an array", [1, "b"], "[ 1, 'b' ]"],
  ["a long text", "x".repeat(1000), /^x{200}… \(1000\)$/],
  ["an object whose methods fail", hostile, /secret/],
  ["a proxy", new Proxy({ a: 1 }, { get: () => assert.fail("a trap ran") }), "Proxy({ a: 1 })"],
  ["a symbol", Symbol("a"), "Symbol(a)"],
];

describe("The text of a parameter", () => {
  for (const [title, value, text] of values) {
    it(`of ${title} is short, and runs no code of the app`, () => {
      if (text instanceof RegExp) assert.match(valueText(value), text);
      else assert.equal(valueText(value), text);
    });
  }

  it("has its position or its name", () => {
    assert.deepEqual(parameterTexts(["a", 1]), [
      ["0", "a"],
      ["1", "1"],
    ]);
    assert.deepEqual(parameterTexts({ id: 1 }), [["id", "1"]]);
    assert.deepEqual(parameterTexts("one"), [["0", "one"]]);
    assert.deepEqual(parameterTexts(undefined), []);
    assert.equal(parameterTexts(Array.from({ length: 1000 }, () => 1)).length, 50);
  });
});

describe("The text of a command", () => {
  it("of Redis is that which is typed, without passwords", () => {
    assert.equal(commandText("GET", ["user:1"]), "GET user:1");
    assert.equal(commandText("SET", ["a b", Buffer.from("c")]), 'SET "a b" c');
    assert.equal(commandText("MGET", [["a", "b"]]), "MGET a b");
    assert.equal(commandText("AUTH", ["user", "s3cret"]), "AUTH ?");
    assert.equal(commandText("SET", ["a", Buffer.from([0xff, 0xfe])]), 'SET a "<2 bytes>"');
  });

  it("of MongoDB is JSON with its values, without the session and without secrets", () => {
    class ObjectId {
      readonly _bsontype = "ObjectId";
      toHexString(): string {
        return "64b0c1f2a3d4e5f60718293a";
      }
    }
    const command = {
      find: "items",
      filter: { _id: new ObjectId(), at: new Date(0), password: "s3cret", in: [1, true, null] },
      lsid: { id: 1 },
      $db: "shop",
    };
    const redact = (name: string, text: string): string => (name === "password" ? "?" : text);
    assert.deepEqual(JSON.parse(documentText(command, redact)), {
      find: "items",
      filter: {
        _id: "64b0c1f2a3d4e5f60718293a",
        at: "1970-01-01T00:00:00.000Z",
        password: "?",
        in: [1, true, null],
      },
    });
    assert.doesNotThrow(() => documentText({ find: hostile }, redact));
  });
});
