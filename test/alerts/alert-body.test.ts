import assert from "node:assert/strict";
import type { Alert } from "../../src/alerts/alert.ts";
import { alertBody } from "../../src/alerts/alert-body.ts";

const time = new Date("2026-11-30T07:00:00Z");
const traceId = "0af7651916cd43dd8448eb211c80319c";

const plain: Alert = {
  message: "disk full",
  severity: "warning",
  time,
  fields: {},
  service: undefined,
  environment: undefined,
  release: undefined,
};

interface Row {
  readonly title: string;
  readonly alert: Partial<Alert>;
  /** The text of Slack's message. */
  readonly slack: string;
  /** The text of any other. */
  readonly text: string;
}

const rows: readonly Row[] = [
  { title: "alone", alert: {}, slack: ":warning: *warning* disk full", text: "WARNING: disk full" },
  {
    title: "of each severity",
    alert: { severity: "info" },
    slack: ":information_source: *info* disk full",
    text: "INFO: disk full",
  },
  {
    title: "with a link, a mention and a channel in it",
    alert: { message: "<https://evil.example|Login> <!channel> <@U1> & &amp;" },
    slack:
      ":warning: *warning* &lt;https://evil.example|Login&gt; &lt;!channel&gt; &lt;@U1&gt; &amp; &amp;amp;",
    text: "WARNING: <https://evil.example|Login> <!channel> <@U1> & &amp;",
  },
  {
    title: "with lines",
    alert: { message: "a\nb" },
    slack: ":warning: *warning* a\nb",
    text: "WARNING: a\nb",
  },
  {
    title: "with its source",
    alert: { service: "<shop>", environment: "production", release: "shop@1" },
    slack: ":warning: *warning* disk full\n&lt;shop&gt; · production · shop@1",
    text: "WARNING: disk full\n<shop> · production · shop@1",
  },
  {
    title: "with a trace",
    alert: { traceId, service: "shop" },
    slack: `:warning: *warning* disk full\nshop · trace ${traceId}`,
    text: `WARNING: disk full\nshop · trace ${traceId}`,
  },
  {
    title: "with the address of its trace",
    alert: { traceId, traceUrl: "https://t.example/?a=1&b=x|y>" },
    slack: `:warning: *warning* disk full\n<https://t.example/?a=1&amp;b=x%7Cy&gt;|trace ${traceId}>`,
    text: "WARNING: disk full\nhttps://t.example/?a=1&b=x|y>",
  },
  {
    title: "with fields",
    alert: { fields: { "<disk>": "/var & /tmp", free: "0" } },
    slack: ":warning: *warning* disk full\n• &lt;disk&gt;: /var &amp; /tmp\n• free: 0",
    text: "WARNING: disk full",
  },
];

function parsed(alert: Alert, format: "slack" | "json"): Record<string, unknown> {
  return JSON.parse(Buffer.from(alertBody(alert, format)).toString()) as Record<string, unknown>;
}

describe("The message of an alert", () => {
  for (const { title, alert, slack, text } of rows) {
    it(`has its text for Slack and for others: ${title}`, () => {
      assert.deepEqual(parsed({ ...plain, ...alert }, "slack"), {
        text: slack,
        unfurl_links: false,
        unfurl_media: false,
      });
      assert.equal(parsed({ ...plain, ...alert }, "json")["text"], text);
    });
  }

  it("has its parts as JSON, and no others", () => {
    const { text: _, ...rest } = parsed({ ...plain, requestId: "r-1", omitted: 3 }, "json");
    assert.deepEqual(rest, {
      message: "disk full",
      severity: "warning",
      timestamp: "2026-11-30T07:00:00.000Z",
      request_id: "r-1",
      fields: {},
      omitted: 3,
    });
  });

  it("is shorter than what Slack takes, if each character is escaped", () => {
    const fields = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`${index}${"&".repeat(18)}`, "&".repeat(200)]),
    );
    const { text } = parsed({ ...plain, message: "&".repeat(3000), fields }, "slack");
    assert.ok(String(text).length < 40_000, String(String(text).length));
  });
});
