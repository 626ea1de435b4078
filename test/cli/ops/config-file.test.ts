import assert from "node:assert/strict";
import { parseOpsConfig } from "../../../src/cli/ops/config-file.ts";
import { defaultOptions } from "../../../src/ops/options/ops-options.ts";

const FILE = "telltale.ops.yaml";

/** Files that are as good as none. */
const empty: readonly string[] = ["", "\n", "# nothing\n", "---\n", "null\n", "--- # a\n...\n"];

/** Files that are wrong, with all problems. */
const invalid: readonly {
  readonly title: string;
  readonly text: string;
  readonly problems: readonly (string | RegExp)[];
}[] = [
  {
    title: "a section that is not known",
    text: "team: web\nalert: {}\n",
    problems: [":2: alert: the key is not known, did you mean alerts?"],
  },
  {
    title: "keys that are not known, at each level",
    text: "links:\n  grafna: http://a\nservices:\n  shop:\n    teams: web\ngrafana:\n  tempoo: http://a\nbusiness:\n  a_total:\n    titel: A\nlogs:\n  lok: {}\n",
    problems: [
      ":5: services.shop.teams: the key is not known, did you mean team?",
      ":2: links.grafna: the key is not known, did you mean grafana?",
      /^:12: logs\.lok: the key is not known/,
      ":7: grafana.tempoo: the key is not known, did you mean tempo?",
      ":10: business.a_total.titel: the key is not known, did you mean title?",
    ],
  },
  { title: "a text", text: "alerts\n", problems: [":1: expected a map"] },
  { title: "a list", text: "- alerts\n", problems: [":1: expected a map"] },
  {
    title: "a list in place of a map",
    text: "alerts:\n  - HighErrorRatio\n",
    problems: [":2: alerts: expected a map"],
  },
  {
    title: "a text in place of a map",
    text: "services: shop\n",
    problems: [":1: services: expected a map"],
  },
  {
    title: "a map in place of a text",
    text: "team:\n  name: web\n",
    problems: [/^:2: team: expected /],
  },
  {
    title: "a team with other characters",
    text: 'team: "a b"\n',
    problems: [/^:1: team: received "a b", expected /],
  },
  {
    title: "a password in an address",
    text: "links:\n  grafana: https://me:hunter2@grafana\n",
    problems: [/^:2: links\.grafana: received .*, expected an address/],
  },
  { title: "a bracket that is not closed", text: "team: web\nalerts: {\n", problems: [/^:\d: .+/] },
  { title: "a tab", text: "links:\n\tgrafana: http://a\n", problems: [/^:2: .*[Tt]ab/] },
  {
    title: "a key that is there twice",
    text: "team: web\nteam: shop\n",
    problems: [/^:2: Map keys must be unique/],
  },
  {
    title: "an alias of a map",
    text: "links: &a\n  grafana: http://a\nalerts: *a\n",
    problems: [":3: alerts: aliases are not supported"],
  },
  {
    title: "an alias of a text",
    text: "links:\n  grafana: &a http://a\n  prometheus: *a\n",
    problems: [":3: links.prometheus: aliases are not supported"],
  },
  { title: "an alias without an anchor", text: "team: *nothing\n", problems: [/^:1: .*[Aa]lias/] },
  {
    title: "several documents",
    text: "team: web\n---\nteam: shop\n",
    problems: [": expected one document"],
  },
];

describe("telltale.ops.yaml", () => {
  for (const text of empty) {
    it(`has the defaults if it is ${JSON.stringify(text)}`, () => {
      const { options, problems } = parseOpsConfig(FILE, text);
      assert.deepEqual(problems, []);
      assert.deepEqual(options, defaultOptions);
    });
  }

  for (const { title, text, problems } of invalid) {
    it(`is refused with ${title}`, () => {
      const found = parseOpsConfig(FILE, text).problems;
      assert.equal(found.length, problems.length, found.join("\n"));
      for (const line of found) assert.ok(!/[\n\r]|hunter2/.test(line), line);
      for (const problem of problems) {
        const isFound = found.some((line) => {
          const rest = line.slice(FILE.length);
          return typeof problem === "string" ? rest === problem : problem.test(rest);
        });
        assert.ok(isFound, `${problem} is not in\n${found.join("\n")}`);
      }
    });
  }

  it("may have anchors", () => {
    assert.deepEqual(parseOpsConfig(FILE, "team: &team web\n").problems, []);
  });
});
