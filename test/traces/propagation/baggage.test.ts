import assert from "node:assert/strict";
import { type Baggage, propagation } from "@opentelemetry/api";
import { ROOT_CONTEXT, suppressTracing } from "../../../src/context/context.ts";
import {
  BAGGAGE_KEY,
  BaggagePropagator,
  readBaggage,
} from "../../../src/traces/propagation/baggage.ts";
import { injectedHeaders, setter, defaultPropagator } from "./headers.ts";
import { countStringOperations } from "./string-operations.ts";

/** https://www.w3.org/TR/baggage/ */

type Row = [key: string, value: string, metadata?: string];

function rowsOf(baggage: Baggage | undefined): Row[] | undefined {
  return baggage
    ?.getAllEntries()
    .map(([key, { value, metadata }]) =>
      metadata === undefined ? [key, value] : [key, value, metadata.toString()],
    );
}

function sent(baggage: Baggage): string | undefined {
  return injectedHeaders(ROOT_CONTEXT.setValue(BAGGAGE_KEY, baggage))["baggage"];
}

const OCTETS = Array.from({ length: 0x7f - 0x21 }, (_, n) => String.fromCharCode(0x21 + n))
  .join("")
  .replace(/["%,;\\]/g, "");

describe("The baggage header", () => {
  const read: [rule: string, header: string | string[], entries: Row[], sent?: string][] = [
    ["has a key and a value", "key=value", [["key", "value"]]],
    [
      "has members in their order",
      "b=1,a=2",
      [
        ["b", "1"],
        ["a", "2"],
      ],
    ],
    [
      "may have white space around keys and values",
      "a \t = \t 1 \t , b= 2",
      [
        ["a", "1"],
        ["b", "2"],
      ],
      "a=1,b=2",
    ],
    [
      "may have an empty value",
      "a=,b=2",
      [
        ["a", ""],
        ["b", "2"],
      ],
    ],
    ["may have equals signs in a value", "a=b=c==", [["a", "b=c=="]]],
    [
      "may have every character of a token in a key",
      "!#$&'*+-.^_`|~09azAZ=1",
      [["!#$&'*+-.^_`|~09azAZ", "1"]],
    ],
    ["may have every octet in a value", `a=${OCTETS}`, [["a", OCTETS]]],
    [
      "has case-sensitive keys",
      "a=1,A=2",
      [
        ["a", "1"],
        ["A", "2"],
      ],
    ],
    [
      "has its values decoded",
      "a=DF%2028%3B%2C,b=%c3%a4",
      [
        ["a", "DF 28;,"],
        ["b", "ä"],
      ],
    ],
    [
      "has U+FFFD for bytes that are not UTF-8",
      "a=x%ffy,b=%c3",
      [
        ["a", "x\ufffdy"],
        ["b", "\ufffd"],
      ],
    ],
    [
      "keeps a percent sign that is not an escape",
      "a=100%,b=%zz,c=%4",
      [
        ["a", "100%"],
        ["b", "%zz"],
        ["c", "%4"],
      ],
    ],
    ["may have properties", "a=1;p;q=2", [["a", "1", "p;q=2"]]],
    [
      "may have white space around properties",
      "a=1 ; p \t; q = 2 ",
      [["a", "1", "p;q=2"]],
      "a=1;p;q=2",
    ],
    ["may have empty properties", "a=1;;p;", [["a", "1", "p"]], "a=1;p"],
    [
      "may come as several headers",
      ["a=1", "b=2,c=3"],
      [
        ["a", "1"],
        ["b", "2"],
        ["c", "3"],
      ],
      "a=1,b=2,c=3",
    ],
    [
      "has the last of a repeated key",
      "a=1,b=2,a=3",
      [
        ["a", "3"],
        ["b", "2"],
      ],
      "a=3,b=2",
    ],
    [
      "may have empty members",
      ",a=1,, \t,b=2,",
      [
        ["a", "1"],
        ["b", "2"],
      ],
      "a=1,b=2",
    ],
    [
      "may have keys that are names of an object's properties",
      "__proto__=1,constructor=2",
      [
        ["__proto__", "1"],
        ["constructor", "2"],
      ],
    ],
    ["loses a member without an equals sign", "a,b=2", [["b", "2"]], "b=2"],
    ["loses a member without a key", "=1,b=2", [["b", "2"]], "b=2"],
    ["loses a member with an illegal key", "a b=1,(=2,c=3", [["c", "3"]], "c=3"],
    ["loses a member with white space inside of its value", "a=1 2,b=2", [["b", "2"]], "b=2"],
    [
      "loses a member with a quote, a backslash or a control character",
      'a="1",b=\\,c=\u0001,d=4',
      [["d", "4"]],
      "d=4",
    ],
    ["loses a member with a character beyond ASCII", "a=ä,b=2", [["b", "2"]], "b=2"],
    ["loses a member with an illegal property", "a=1;(,b=2;p=ä,c=3", [["c", "3"]], "c=3"],
  ];
  for (const [rule, header, entries, passed] of read) {
    it(rule, () => {
      const context = defaultPropagator.extractHeaders(ROOT_CONTEXT, { baggage: header });
      assert.deepEqual(rowsOf(propagation.getBaggage(context)), entries);
      assert.equal(injectedHeaders(context)["baggage"], passed ?? header);
    });
  }

  const illegal: [title: string, header: unknown][] = [
    ["is empty", ""],
    ["has no legal member", "a,b c=1,=2"],
    ["is missing", undefined],
    ["is not a string", 42],
    ["is an array of other things", [42, {}]],
  ];
  for (const [title, header] of illegal) {
    it(`does not change the context if it ${title}`, () => {
      assert.equal(
        defaultPropagator.extractHeaders(ROOT_CONTEXT, { baggage: header as string }),
        ROOT_CONTEXT,
      );
    });
  }

  it("is propagated without a trace", () => {
    const context = defaultPropagator.extractHeaders(ROOT_CONTEXT, { baggage: "a=1" });
    assert.deepEqual(injectedHeaders(context), { baggage: "a=1" });
  });

  it("is not injected while tracing is suppressed", () => {
    const context = defaultPropagator.extractHeaders(ROOT_CONTEXT, { baggage: "a=1" });
    const headers = {};
    new BaggagePropagator().inject(suppressTracing(context), headers, setter);
    assert.deepEqual(headers, {});
  });
});

describe("A received Baggage", () => {
  const baggage = readBaggage("a=1;p,b=2") as Baggage;

  it("is immutable, and its methods return new ones", () => {
    assert.deepEqual(rowsOf(baggage.setEntry("a", { value: "9" })), [
      ["a", "9"],
      ["b", "2"],
    ]);
    assert.deepEqual(rowsOf(baggage.setEntry("c", { value: "3" }))?.length, 3);
    assert.deepEqual(rowsOf(baggage.removeEntry("a")), [["b", "2"]]);
    assert.deepEqual(rowsOf(baggage.removeEntries("a", "b", "none")), []);
    assert.deepEqual(rowsOf(baggage.clear()), []);
    const entry = baggage.getEntry("b");
    if (entry !== undefined) entry.value = "changed";
    assert.deepEqual(rowsOf(baggage), [
      ["a", "1", "p"],
      ["b", "2"],
    ]);
    assert.equal(baggage.getEntry("none"), undefined);
  });

  it("is injected with the changed entries, the others as received", () => {
    const received = readBaggage("a=%61;p,b=2") as Baggage;
    assert.equal(sent(received.setEntry("b", { value: "x y" })), "a=%61;p,b=x%20y");
  });
});

describe("A Baggage that the app created", () => {
  const rows: [
    title: string,
    entries: Record<string, { value: string }>,
    header: string | undefined,
  ][] = [
    ["is injected with escaped values", { a: { value: 'ä ",;\\%' } }, "a=%C3%A4%20%22%2C%3B%5C%25"],
    [
      "is injected with escaped keys, if they are not tokens",
      { "a b(c)%": { value: "1" } },
      "a%20b%28c%29%25=1",
    ],
    ["is injected with lone surrogates replaced", { a: { value: "\ud800" } }, "a=%EF%BF%BD"],
    ["is not injected if it is empty", {}, undefined],
    ["loses an empty key", { "": { value: "1" }, b: { value: "2" } }, "b=2"],
    ["loses a value that is not a string", { a: { value: 42 as never }, b: { value: "2" } }, "b=2"],
  ];
  for (const [title, entries, header] of rows) {
    it(title, () => {
      assert.equal(sent(propagation.createBaggage(entries)), header);
    });
  }

  it("is the same after injection and extraction, with any characters", () => {
    const value = Array.from({ length: 0x250 }, (_, n) => String.fromCharCode(n)).join("");
    const header = sent(propagation.createBaggage({ [`k${value}`]: { value } }));
    assert.deepEqual(rowsOf(readBaggage(header)), [[`k${value}`, value]]);
  });

  it("can't inject other headers or members through metadata", () => {
    const evil = [",b=2", "\r\nx: y", 'q="', "ä"];
    for (const text of evil) {
      const metadata = { toString: () => text } as never;
      assert.equal(sent(propagation.createBaggage({ a: { value: "1", metadata } })), "a=1");
    }
  });
});

describe("The limits of baggage", () => {
  it("allow 64 members", () => {
    const header = Array.from({ length: 64 }, (_, n) => `k${n}=v`).join(",");
    assert.equal(sent(readBaggage(header) as Baggage), header);
  });

  it("allow 8192 bytes", () => {
    const header = `a=${"v".repeat(8190)}`;
    assert.equal(sent(readBaggage(header) as Baggage), header);
    const many = Array.from({ length: 64 }, (_, n) => `${n}=`.padEnd(127, "v")).join(",");
    assert.equal(many.length, 8191);
    assert.equal(sent(readBaggage(many) as Baggage), many);
  });

  it("keep the first 64 members", () => {
    const header = Array.from({ length: 100 }, (_, n) => `k${n}=v`).join(",");
    assert.equal(readBaggage(header)?.getAllEntries().length, 64);
  });

  it("drop a member that ends beyond 8192 bytes", () => {
    assert.equal(readBaggage(`a=${"v".repeat(8191)}`), undefined);
    assert.deepEqual(rowsOf(readBaggage(`a=1,b=${"v".repeat(8190)}`)), [["a", "1"]]);
    assert.deepEqual(rowsOf(readBaggage(["a=1", `b=${"v".repeat(8190)}`, "c=3"])), [["a", "1"]]);
  });

  it("apply to entries of the app", () => {
    let baggage = propagation.createBaggage();
    for (let n = 0; n < 100; n++) baggage = baggage.setEntry(`k${n}`, { value: "v" });
    assert.equal(sent(baggage)?.split(",").length, 64);
    const long = propagation.createBaggage({
      a: { value: "v".repeat(9000) },
      b: { value: "2" },
    });
    assert.equal(sent(long), "b=2");
  });

  it("bound the cost of parsing any header (CVE-2026-54285)", () => {
    assert.ok(countStringOperations(() => readBaggage("a=1")) > 0, "work is counted");
    const rows: [title: string, header: string | string[]][] = [
      ["a megabyte of members", "k=v,".repeat(250_000)],
      [
        "a megabyte of different members",
        Array.from({ length: 100_000 }, (_, n) => `k${n}=v`).join(","),
      ],
      ["a megabyte of commas", ",".repeat(1_000_000)],
      ["a megabyte of one member", `a=${"%41".repeat(333_333)}`],
      ["a megabyte of properties", `a=1${";p".repeat(500_000)}`],
      ["100,000 headers", Array.from({ length: 100_000 }, (_, n) => `k${n}=v`)],
      ["100,000 empty headers", Array.from({ length: 100_000 }, () => "")],
    ];
    for (const [title, header] of rows) {
      const steps = countStringOperations(() => {
        readBaggage(header);
      });
      assert.ok(steps <= 5 * 8192, `${title}: ${steps} steps`);
    }
  });
});
