import assert from "node:assert/strict";
import { parseYamlFile, type YamlMap } from "../../src/yaml/yaml-map.ts";

const route = { pattern: /^\/\S*$/, expected: "a route" };
const percent = { min: 0, max: 100 };
const count = { min: 1, max: 9, isInteger: true };

interface Row {
  readonly title: string;
  readonly yaml: string;
  readonly read: (map: YamlMap) => unknown;
  readonly value: unknown;
  readonly problems?: readonly string[];
}

const rows: readonly Row[] = [
  {
    title: "a list of texts",
    yaml: "routes: [/a, /b]",
    read: (map) => map.list("routes", route),
    value: ["/a", "/b"],
  },
  {
    title: "one text in place of a list",
    yaml: "routes: /a",
    read: (map) => map.list("routes", route),
    value: ["/a"],
  },
  { title: "no list", yaml: "a: 1", read: (map) => map.list("routes", route), value: [] },
  {
    title: "a list without the texts that do not match",
    yaml: "routes:\n  - /a\n  - b\n  - { c: d }\n  -\n",
    read: (map) => map.list("routes", route),
    value: ["/a"],
    problems: [
      'a.yaml:3: routes[1]: received "b", expected a route',
      "a.yaml:4: routes[2]: expected a route",
      "a.yaml:5: routes[3]: expected a route",
    ],
  },
  { title: "a number", yaml: "n: 99.5", read: (map) => map.number("n", percent), value: 99.5 },
  { title: "a quoted number", yaml: 'n: "5"', read: (map) => map.number("n", count), value: 5 },
  {
    title: "a number with a unit",
    yaml: "n: 5%",
    read: (map) => map.number("n", percent),
    value: undefined,
    problems: ['a.yaml:1: n: received "5%", expected a number from 0 to 100'],
  },
  {
    title: "a number above its limit",
    yaml: "n: 101",
    read: (map) => map.number("n", percent),
    value: undefined,
    problems: ['a.yaml:1: n: received "101", expected a number from 0 to 100'],
  },
  {
    title: "a fraction in place of an integer",
    yaml: "n: 1.5",
    read: (map) => map.number("n", count),
    value: undefined,
    problems: ['a.yaml:1: n: received "1.5", expected an integer from 1 to 9'],
  },
  {
    title: "a boolean in place of a number",
    yaml: "n: true",
    read: (map) => map.number("n", count),
    value: undefined,
    problems: ['a.yaml:1: n: received "true", expected an integer from 1 to 9'],
  },
  { title: "its keys", yaml: "b: 1\na: 2", read: (map) => map.keys, value: ["b", "a"] },
];

describe("A map of a YAML file", () => {
  for (const { title, yaml, read, value, problems = [] } of rows) {
    it(`returns ${title}`, () => {
      const file = parseYamlFile("a.yaml", yaml);
      const [map = assert.fail()] = file.documents;
      assert.deepEqual(read(map), value);
      assert.deepEqual(file.problems, problems);
    });
  }
});
