import assert from "node:assert/strict";
import {
  formatAgo,
  formatBytes,
  formatMs,
  formatRatio,
  formatValue,
  plural,
} from "../../../src/viewer/page/format.ts";
import { formatSql, isSql, parameterName } from "../../../src/viewer/page/sql/format-sql.ts";
import { highlightSql } from "../../../src/viewer/page/sql/highlight.ts";
import { levels, logFilterOf, matchesLog } from "../../../src/viewer/page/views/logs/log-filter.ts";
import { formatUnit } from "../../../src/viewer/page/views/metrics/metric-groups.ts";

const figures: readonly (readonly [shown: string, expected: string])[] = [
  [formatMs(0), "0 ms"],
  [formatMs(0.421), "0.42 ms"],
  [formatMs(9.94), "9.9 ms"],
  [formatMs(9.96), "10 ms"],
  [formatMs(999.4), "999 ms"],
  [formatMs(999.6), "1.00 s"],
  [formatMs(59_994), "59.99 s"],
  [formatMs(185_000), "3 min 5 s"],
  [formatMs(Number.NaN), "–"],
  [formatBytes(0), "0 B"],
  [formatBytes(999), "999 B"],
  [formatBytes(1_500), "1.5 kB"],
  [formatBytes(4_200_000_000), "4.2 GB"],
  [formatRatio(0.204), "+20%"],
  [formatRatio(-0.5), "−50%"],
  [formatRatio(0.001), "±0%"],
  [formatRatio(undefined), "new"],
  [formatAgo(0, 1_000), "just now"],
  [formatAgo(0, 59_000), "59 s ago"],
  [formatAgo(0, 180_000), "3 min ago"],
  [plural(1, "query", "queries"), "1 query"],
  [plural(1_204, "query", "queries"), "1,204 queries"],
  [formatValue("a"), "a"],
  [formatValue(["a", 1]), '["a",1]'],
  [formatValue(undefined), "undefined"],
  [formatUnit(0.012, "s"), "12 ms"],
  [formatUnit(62_000_000, "By"), "62.0 MB"],
  [formatUnit(4, "{request}"), "4"],
  [formatUnit(0.21, "1"), "0.21"],
  [formatUnit(3, "Cel"), "3 Cel"],
  [parameterName("0"), "$1"],
  [parameterName("name"), "name"],
];

const statements: readonly {
  readonly title: string;
  readonly text: string;
  readonly kinds: string;
}[] = [
  {
    title: "keywords, names, parameters and numbers",
    text: 'SELECT "a" FROM t WHERE b = $1 AND c > 2.5',
    kinds: "keyword name keyword keyword parameter keyword number",
  },
  {
    title: "strings with quotes in them",
    text: "select 'it''s', ?",
    kinds: "keyword string parameter",
  },
  { title: "comments", text: "/* a * b */ select 1 -- c", kinds: "comment keyword number comment" },
  { title: "a string without an end", text: "select 'abc", kinds: "keyword string" },
  { title: "a comment without an end", text: "select /* abc *", kinds: "keyword comment" },
];

describe("Texts of the viewer's page", () => {
  for (const [shown, expected] of figures) {
    it(`shows a figure as ${expected}`, () => {
      assert.equal(shown, expected);
    });
  }

  for (const { title, text, kinds } of statements) {
    it(`colours SQL with ${title}, and keeps its text`, () => {
      const tokens = highlightSql(text);
      assert.equal(tokens.map((token) => token.text).join(""), text);
      const coloured = tokens.filter(({ kind }) => kind !== "plain").map(({ kind }) => kind);
      assert.equal(coloured.join(" "), kinds);
    });
  }

  it("formats SQL on several lines, and leaves alone what it can't parse", () => {
    assert.equal(formatSql("select a from t", "postgresql"), "select\n  a\nfrom\n  t");
    assert.equal(formatSql("select '", "postgresql"), "select '");
    assert.equal(formatSql("GET user:1", "redis"), "GET user:1");
    assert.ok(isSql("sqlite") && !isSql("mongodb"));
  });

  it("selects log lines by level, service, trace and text", () => {
    const log = {
      time: 0,
      service: "shop",
      level: "warn",
      severity: 13,
      message: "Payment is slow",
      traceId: "t1",
      attributes: {},
    };
    const filter = logFilterOf(
      new URLSearchParams("level=warn&text=PAYMENT&service=shop&trace=t1"),
    );
    assert.ok(matchesLog(log, filter));
    assert.deepEqual(
      levels.filter(({ name }) => matchesLog(log, { level: name })).map(({ name }) => name),
      ["debug", "info", "warn"],
    );
    assert.ok(!matchesLog(log, { text: "fast" }));
    assert.ok(!matchesLog(log, { trace: "t2" }));
  });
});
