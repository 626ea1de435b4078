import assert from "node:assert/strict";
import { readTraceState, TraceStateImpl } from "../../../src/traces/propagation/trace-state.ts";
import { propagatedTraceState } from "./headers.ts";
import { countStringOperations } from "./string-operations.ts";

/** One test for each rule of `tracestate`: https://www.w3.org/TR/trace-context-2/ */

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const KEY_CHARACTERS = `${LOWER}0123456789_-*/`;
const VALUE_CHARACTERS = characters(0x20, 0x7e).replace(/[,=]/g, "");

function characters(first: number, last: number): string {
  return Array.from({ length: last - first + 1 }, (_, n) => String.fromCharCode(first + n)).join(
    "",
  );
}

function members(count: number, value = "1"): string {
  return Array.from({ length: count }, (_, n) => `k${n}=${value}`).join(",");
}

function longMembers(count: number): string {
  return Array.from({ length: count }, (_, n) => `k${n}=`.padEnd(256, "v")).join(",");
}

describe("tracestate", () => {
  const kept: [rule: string, header: string | string[], sent?: string][] = [
    ["is a list of one member", "foo=1"],
    ["is a list of members in their order", "foo=1,bar=2,baz=3"],
    [
      "may have spaces and tabs around members",
      "foo=1 \t , \t bar=2, \t baz=3",
      "foo=1,bar=2,baz=3",
    ],
    ["may have tabs without spaces around members", "foo=1\t,\tbar=2", "foo=1,bar=2"],
    ["may begin with white space", " \tfoo=1", "foo=1"],
    ["may end with white space", "foo=1 \t", "foo=1"],
    ["may have empty members", "foo=1,,bar=2", "foo=1,bar=2"],
    ["may have members of white space only", "foo=1, \t ,bar=2", "foo=1,bar=2"],
    ["may begin and end with a comma", ",foo=1,", "foo=1"],
    [
      "may come as several headers",
      ["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
      "foo=1,bar=2,rojo=1,congo=2,baz=3",
    ],
    ["may come with an empty header first", ["", "foo=1"], "foo=1"],
    ["may come with an empty header last", ["foo=1", ""], "foo=1"],
    ["may have keys that begin with a digit", "1a-2f@foo=bar,9=1"],
    ["may have keys of all legal characters", `${KEY_CHARACTERS}=1`],
    ["may have a key of one character", "a=1"],
    ["may have a key of 256 characters", `${"z".repeat(256)}=1`],
    ["may have a tenant and a system in its keys", "fw529a3039@dt=FfoA"],
    ["may have all legal characters in a key with a vendor", `${KEY_CHARACTERS}@a-z0-9_-*/=1`],
    [
      "may have a tenant of 241 and a system of 14 characters",
      `${"t".repeat(241)}@${"v".repeat(14)}=1`,
    ],
    ["may have keys that end with an at sign", "foo@=1,bar=2"],
    ["may have keys with two at signs in a row", "foo@@bar=1,bar=2"],
    ["may have keys with two at signs", "foo@bar@baz=1,bar=2"],
    ["may have more than 241 characters before an at sign", `foo=1,${"t".repeat(242)}@v=1`],
    ["may have more than 14 characters after an at sign", `foo=1,t@${"v".repeat(15)}=1`],
    ["may have a key of 256 at signs but for the first", `a${"@".repeat(255)}=1`],
    ["may have values of all legal characters", `foo=${VALUE_CHARACTERS}`],
    ["may have values of one character", "foo=!"],
    ["may have a value of 256 characters", `foo=${"v".repeat(256)}`],
    ["keeps spaces at the beginning of a value", "foo=  1,bar=2"],
    ["keeps spaces inside of a value", "foo=a  b"],
    ["ignores spaces at the end of a value", "foo=a  ,bar=2", "foo=a,bar=2"],
    ["may have 32 members", members(32)],
    ["may have 32 members and empty ones", `${members(32)},,`, members(32)],
    ["may have keys that are names of an object's properties", "constructor=1,valueof=2"],
    ["keeps the first, which is the latest, of a repeated key", "foo=1,bar=2,foo=3", "foo=1,bar=2"],
    ["keeps one of two equal members", "foo=1,foo=1", "foo=1"],
    ["keeps the first member of a key in several headers", ["foo=1", "foo=2"], "foo=1"],
    [
      "is propagated with 512 characters",
      `a=${"v".repeat(252)},b=${"v".repeat(253)},c=1`.padEnd(512, "1"),
    ],
    [
      "is propagated with 32 members of 128 characters",
      Array.from({ length: 32 }, (_, n) => `k${n}=`.padEnd(128, "v")).join(","),
    ],
  ];
  for (const [rule, header, sent] of kept) {
    it(rule, () => {
      assert.equal(propagatedTraceState(header), sent ?? header);
    });
  }

  const discarded: [rule: string, header: string | string[]][] = [
    ["that is empty is not propagated", ""],
    ["of white space only is not propagated", " \t "],
    ["of empty members only is not propagated", ",, ,"],
    ["of several empty headers is not propagated", ["", ""]],
    ["is discarded with a member that has no equals sign", "foo,bar=2"],
    ["is discarded with an empty key", "=1,bar=2"],
    ["is discarded with white space before the equals sign", "foo =1,bar=2"],
    ["is discarded with a key in upper case", "FOO=1,bar=2"],
    ["is discarded with an illegal character in a key", "foo.bar=1,bar=2"],
    ["is discarded with a key that begins with another character", "_foo=1,bar=2"],
    ["is discarded with a key that begins with an at sign", "@foo=1,bar=2"],
    ["is discarded with a key of 257 characters, at signs counted", `foo=1,a${"@".repeat(256)}=1`],
    ["is discarded with a key of 257 characters", `foo=1,${"z".repeat(257)}=1`],
    ["is discarded with an empty value", "foo=,bar=3"],
    ["is discarded with a value of white space", "foo= \t,bar=3"],
    ["is discarded with an equals sign in a value", "foo=bar=baz"],
    ["is discarded with a tab inside of a value", "foo=a\tb,bar=2"],
    ["is discarded with a control character in a value", "foo=a\u0000b,bar=2"],
    ["is discarded with a line break in a value", "foo=a\r\nb,bar=2"],
    ["is discarded with DEL in a value", "foo=a\u007f,bar=2"],
    ["is discarded with a character beyond ASCII in a value", "foo=ä,bar=2"],
    ["is discarded with a value of 257 characters", `foo=${"v".repeat(257)},bar=2`],
    ["is discarded with 33 members", members(33)],
    ["is discarded with 33 members in several headers", [members(32), "last=1"]],
    ["is discarded as a whole for one illegal member", `foo=1,${members(10)},BAD=1`],
  ];
  for (const [rule, header] of discarded) {
    it(rule, () => {
      assert.equal(propagatedTraceState(header), undefined);
    });
  }

  const truncated: [rule: string, header: string, sent: string][] = [
    [
      "loses members above 128 characters first, from the end",
      `${longMembers(20)},short=1`,
      `${longMembers(16)},short=1`,
    ],
    ["loses whole members only", `short=1,${longMembers(31)}`, `short=1,${longMembers(16)}`],
  ];
  for (const [rule, header, sent] of truncated) {
    it(rule, () => {
      assert.equal(propagatedTraceState(header), sent);
    });
  }
});

describe("A TraceState", () => {
  const state = new TraceStateImpl("foo=1,bar=2,baz=3");

  it("returns the value of a key", () => {
    assert.equal(state.get("bar"), "2");
    assert.equal(state.get("none"), undefined);
    assert.equal(state.get("constructor"), undefined);
  });

  it("puts a new member in front", () => {
    assert.equal(state.set("new", "0").serialize(), "new=0,foo=1,bar=2,baz=3");
  });

  it("moves a changed member to the front and keeps the order of the others", () => {
    assert.equal(state.set("bar", "9").serialize(), "bar=9,foo=1,baz=3");
    assert.equal(state.set("bar", "9").set("baz", "8").serialize(), "baz=8,bar=9,foo=1");
  });

  it("leaves out a deleted member", () => {
    assert.equal(state.unset("foo").serialize(), "bar=2,baz=3");
    assert.equal(state.unset("none"), state);
    assert.equal(new TraceStateImpl("foo=1").unset("foo").serialize(), "");
  });

  it("is immutable", () => {
    state.set("foo", "2").unset("bar");
    assert.equal(state.serialize(), "foo=1,bar=2,baz=3");
  });

  it("never has the same key twice", () => {
    assert.equal(new TraceStateImpl("foo=1,foo=2").set("foo", "3").serialize(), "foo=3");
  });

  it("ignores illegal keys and values", () => {
    const illegal: [unknown, unknown][] = [
      ["", "1"],
      ["FOO", "1"],
      ["a,b", "1"],
      ["foo", ""],
      ["foo", "a,b"],
      ["foo", "a=b"],
      ["foo", "a "],
      ["foo", "a\r\nx: y"],
      [undefined, "1"],
      ["foo", undefined],
      ["foo", 42],
    ];
    for (const [key, value] of illegal) {
      assert.equal(state.set(key as string, value as string), state);
    }
  });

  it("drops its last member when a 33rd is set", () => {
    const full = new TraceStateImpl(members(32)).set("new", "0").serialize().split(",");
    assert.deepEqual([full.length, full[0], full.at(-1)], [32, "new=0", "k30=1"]);
  });

  it("can be changed though it was received illegal", () => {
    assert.equal(new TraceStateImpl("BAD").set("foo", "1").serialize(), "foo=1");
  });

  it("is injected as the received string", () => {
    const header = Buffer.from("foo=1,bar=2").toString();
    assert.equal(new TraceStateImpl(header).serialize(), header);
  });
});

describe("A hostile tracestate", () => {
  const limit = 40_000;

  it("is ignored if it has a megabyte", () => {
    assert.equal(readTraceState("a=1,".repeat(250_000)), undefined);
    assert.equal(readTraceState(Array.from({ length: 100_000 }, (_, n) => `k${n}=1`)), undefined);
    assert.equal(readTraceState(["x".repeat(20_000), "y".repeat(20_000)]), undefined);
  });

  it("is parsed once, from left to right, up to the first illegal character", () => {
    for (const header of [
      ",".repeat(32_000),
      members(4000),
      `${members(30)},${"x".repeat(30_000)}`,
    ]) {
      const steps = countStringOperations(() => new TraceStateImpl(header).serialize());
      assert.ok(steps > 0 && steps < limit, `${steps} steps for ${header.length}`);
    }
  });

  it("is ignored if it is not a string", () => {
    for (const header of [undefined, null, 42, {}, [42], [["a=1"]], Symbol("s")]) {
      assert.equal(readTraceState(header), undefined);
    }
  });
});
