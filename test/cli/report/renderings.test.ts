import assert from "node:assert/strict";
import { renderChart } from "../../../src/cli/report/chart.ts";
import type { Block, ChartBlock } from "../../../src/cli/report/document.ts";
import { renderHtml } from "../../../src/cli/report/html.ts";
import { renderMarkdown } from "../../../src/cli/report/markdown.ts";
import { slackMessage } from "../../../src/cli/report/slack-message.ts";

const HOSTILE = "</td><script>alert(1)</script>|`a`|\n# [x](javascript:1) <!channel> \u0007&\"'";

const chart: ChartBlock = {
  kind: "chart",
  title: HOSTILE,
  points: [
    { time: 3600, value: 1 },
    { time: 7200, value: 3 },
    { time: 14_400, value: 2 },
  ],
  failed: undefined,
  format: (value) => `${value}${HOSTILE}`,
  timeZone: "UTC",
};

const blocks: readonly Block[] = [
  { kind: "heading", level: 1, text: HOSTILE },
  { kind: "text", text: HOSTILE },
  {
    kind: "table",
    title: HOSTILE,
    columns: [HOSTILE, "b"].map((title) => ({ title, isNumber: false })),
    rows: [[{ code: HOSTILE }, HOSTILE]],
    empty: "",
  },
  { kind: "table", title: "t", columns: [], rows: [], empty: HOSTILE },
  chart,
];

describe("A report with names that are markup", () => {
  it("has none of it in HTML", () => {
    const page = renderHtml(blocks, { title: HOSTILE, hasCharts: true });
    for (const text of ["<script", "<!channel", "\u0007"]) assert.ok(!page.includes(text), page);
    assert.equal(page.match(/<\/td>/g)?.length, 2);
    assert.equal(page.match(/<svg /g)?.length, 1);
    const without = renderHtml(blocks, { title: HOSTILE, hasCharts: false });
    assert.ok(!without.includes("<svg "));
  });

  it("has none of it in Markdown, in which each row is one line", () => {
    const [heading, text, table = "", empty] = renderMarkdown(blocks).split("\n\n");
    const escaped = String.raw`\</td\>\<script\>alert(1)\</script\>\|\`a\`\| # \[x\](javascript:1) \<!channel\>  &"'`;
    assert.deepEqual([heading, text, empty], [`# ${escaped}`, escaped, `${escaped}\n`]);
    const [, , row = "", ...others] = table.split("\n");
    assert.equal(others.length, 0);
    // The two bars of the code and of the text are escaped.
    assert.equal(row.match(/(?<!\\)\|/g)?.length, 3);
    assert.equal(row.match(/(?<!\\)`/g)?.length, 2);
  });

  it("has none of it in Slack", () => {
    const message = JSON.stringify(slackMessage(blocks, HOSTILE));
    // A header is plain text.
    const { blocks: shown, text } = JSON.parse(message) as {
      readonly blocks: readonly { readonly type: string; readonly text: { text: string } }[];
      readonly text: string;
    };
    const marked = [
      text,
      ...shown.filter(({ type }) => type === "section").map((one) => one.text.text),
    ];
    for (const one of marked) assert.ok(!/<[!@#]|<script/.test(one), one);
  });
});

describe("A message of Slack", () => {
  const row = (at: number): readonly [{ code: string }, string] => [
    { code: `r${at}` },
    "&".repeat(900),
  ];
  const table: Block = {
    kind: "table",
    title: "Routes",
    columns: ["route", "p95"].map((title) => ({ title, isNumber: false })),
    rows: [0, 1, 2, 3, 4, 5, 6].map(row),
    empty: "none",
  };

  it("has five rows of a table, and no cut within one", () => {
    const short: Block = { ...table, rows: table.rows.map(([first = ""]) => [first, "1 s"]) };
    const { blocks: shown } = slackMessage([short], "") as {
      readonly blocks: readonly { readonly text: { readonly text: string } }[];
    };
    assert.equal(
      shown[0]?.text.text,
      ["*Routes*", ...[0, 1, 2, 3, 4].map((at) => `• \`r${at}\`: p95 1 s`), "_and 2 more_"].join(
        "\n",
      ),
    );
  });

  it("stays within the limits of Slack", () => {
    const text: Block = { kind: "text", text: "&".repeat(5000) };
    const many = [text, ...Array.from({ length: 80 }, () => table)];
    const { blocks: shown } = slackMessage(many, "") as {
      readonly blocks: readonly { readonly text: { readonly text: string } }[];
    };
    assert.equal(shown.length, 50);
    for (const { text } of shown) assert.ok(text.text.length <= 3000);
    assert.match(shown.at(-1)?.text.text ?? "", /left out/);
  });
});

describe("A chart", () => {
  it("has a line for each run of hours", () => {
    assert.equal(renderChart(chart).match(/<polyline/g)?.length, 2);
  });

  it("has bars with their failed part", () => {
    const svg = renderChart({ ...chart, failed: [{ time: 7200, value: 1 }] });
    assert.equal(svg.match(/class="requests"/g)?.length, 3);
    // A third of the highest bar.
    const height = /class="failed"[^>]* height="([\d.]+)"/.exec(svg)?.[1];
    const highest = /class="requests" x="[\d.]+" y="12" [^>]* height="([\d.]+)"/.exec(svg)?.[1];
    assert.ok(Math.abs(Number(highest) / Number(height) - 3) < 0.01, `${highest} of ${height}`);
  });

  it("has no data without points", () => {
    assert.match(renderChart({ ...chart, points: [] }), /<p>no data<\/p>/);
  });
});
