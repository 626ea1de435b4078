import assert from "node:assert/strict";
import { parseArguments } from "../../src/cli/arguments.ts";

const kinds = { release: "text", project: "texts", json: "flag" } as const;

interface Row {
  readonly args: readonly string[];
  readonly texts?: Readonly<Record<string, readonly string[]>>;
  readonly flags?: readonly string[];
  readonly problems?: readonly string[];
}

const unexpected = "unexpected argument: all are options, such as --help";

const rows: readonly Row[] = [
  { args: [] },
  { args: ["--release", "a"], texts: { release: ["a"] } },
  { args: ["--release=a=b"], texts: { release: ["a=b"] } },
  { args: ["--release="], texts: { release: [""] } },
  { args: ["--release", ""], texts: { release: [""] } },
  { args: ["--release=-a"], texts: { release: ["-a"] } },
  { args: ["--project", "a", "--project=b"], texts: { project: ["a", "b"] } },
  { args: ["--json", "--json"], flags: ["json"] },
  { args: ["--json", "--release", "a"], texts: { release: ["a"] }, flags: ["json"] },
  { args: ["--release", "--json"], flags: ["json"], problems: ["--release has no value"] },
  { args: ["--release"], problems: ["--release has no value"] },
  { args: ["--json=1"], problems: ["--json takes no value"] },
  { args: ["a", "b"], problems: [unexpected] },
  { args: ["--json", "s3cret"], flags: ["json"], problems: [unexpected] },
  {
    args: ["--relase=s3cret"],
    problems: ["option --relase is not known, did you mean --release?"],
  },
  { args: ["-release"], problems: ["option -release is not known, did you mean --release?"] },
  { args: ["-"], problems: [unexpected] },
  { args: ["-x"], problems: ["option -x is not known"] },
  { args: ["--"], problems: ["option -- is not known"] },
  { args: ["--toString"], problems: ["option --toString is not known"] },
];

const tooMany = "unexpected argument after the message: quote it as a whole";

interface PositionalRow {
  readonly args: readonly string[];
  readonly positional?: string;
  readonly problems?: readonly string[];
}

const positionalRows: readonly PositionalRow[] = [
  { args: [] },
  { args: ["--json"] },
  { args: ["down", "--json"], positional: "down" },
  { args: ["--release", "a", "down"], positional: "down" },
  { args: ["-"], positional: "-" },
  { args: [""], positional: "" },
  { args: ["--", "--json"], positional: "--json" },
  { args: ["shop", "is", "down"], positional: "shop", problems: [tooMany] },
  { args: ["shop", "--", "down"], positional: "shop", problems: [tooMany] },
  { args: ["-x", "down"], positional: "down", problems: ["option -x is not known"] },
];

describe("The options of a command", () => {
  for (const { args, texts = {}, flags = [], problems = [] } of rows) {
    it(`are parsed: ${JSON.stringify(args)}`, () => {
      const parsed = parseArguments(args, kinds);
      assert.deepEqual(Object.fromEntries(parsed.texts), texts);
      assert.deepEqual([...parsed.flags], flags);
      assert.deepEqual(parsed.problems, problems);
    });
  }

  for (const { args, positional, problems = [] } of positionalRows) {
    it(`may surround its message: ${JSON.stringify(args)}`, () => {
      const parsed = parseArguments(args, kinds, "message");
      assert.deepEqual(parsed.problems, problems);
      assert.equal(parsed.positional, positional);
    });
  }
});
