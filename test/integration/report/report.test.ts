import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "mocha";
import { PrometheusServer } from "../../collector/support/prometheus.ts";
import { makeCertificates } from "../../export/certificates.ts";
import { contentOf, parseMail } from "../../operations/receivers/mail.ts";
import { SmtpReceiver } from "../../operations/receivers/smtp.ts";
import { Webhook } from "../../operations/receivers/webhook.ts";
import { goToolOrSkip, programOrSkip } from "../../programs.ts";
import { runCli, SECRET } from "../alerts/cli-program.ts";
import { twoWeeks } from "./weeks.ts";

/*
 * The figures are computed by hand from the rates of `weeks.ts`. A week has 2,016 times 5
 * minutes. In the second week shop serves in 5 minutes:
 *
 *   GET /orders/:id 150, POST /orders 48 and 2 failures, GET /export 5: 205 in all
 *   up to 0.1 s: 100, 0.25 s: 160, 0.5 s: 190, 1 s: 202, 2.5 s: 204, more: 1
 *
 *   p50: rank 102.5 of 205, 0.1 + 0.15 * 2.5 / 60 = 0.10625 s
 *   p95: rank 194.75, 0.5 + 0.5 * 4.75 / 12 = 0.698 s
 *   p99: rank 202.95, 1 + 1.5 * 0.95 / 2 = 1.7125 s
 *
 * and in the first one:
 *
 *   GET /orders/:id 100, POST /orders 40 and 1 failure, GET /export 5: 146 in all
 *   up to 0.1 s: 80, 0.25 s: 121, 0.5 s: 141, 1 s: 145, 2.5 s: 146
 *
 *   p50: rank 73, 0.1 * 73 / 80 = 0.0913 s
 *   p95: rank 138.7, 0.25 + 0.25 * 17.7 / 20 = 0.471 s
 *   p99: rank 144.54, 0.5 + 0.5 * 3.54 / 4 = 0.9425 s
 */
const SHOP = `## web/shop

|  | this period | before | change |
| --- | ---: | ---: | ---: |
| Availability | 99.024% | 99.315% | −0.291 pp |
| Requests | 413,280 (0.683/s) | 294,336 | +40% |
| Failed (5xx) | 4,032 | 2,016 | +100% |
| p50 | 106 ms | 91.3 ms | +16% |
| p95 | 698 ms | 471 ms | +48% |
| p99 | 1.71 s | 943 ms | +82% |

### Objectives

| objective | target | good | before | budget left | result |
| --- | ---: | ---: | ---: | ---: | --- |
| \`shop-requests-availability\` | 99% | 99.024% | 99.315% | 12.5% | met |
| \`shop-requests-latency\` | 90% | 88.669% | 96.551% | −7% | missed |

### Slowest routes

| route | p95 | before | change | requests |
| --- | ---: | ---: | ---: | ---: |
| \`GET /export\` | \\> 2.5 s | 2.13 s |  | 10,080 |
| \`POST /orders\` | 875 ms | 474 ms | +84% | 100,800 |
| \`GET /orders/:id\` | 313 ms | 213 ms | +47% | 302,400 |

### Most failing routes

| route | failed | part | failed before | part before |
| --- | ---: | ---: | ---: | ---: |
| \`POST /orders\` | 4,032 | 4% | 2,016 | 2.439% |

### Exceptions

| type | this period | before | change |
| --- | ---: | ---: | ---: |
| \`PaymentError\` | 6,048 | 2,016 | +200% |
| \`<script>alert('\\|'1'\\|')</script> & [link](https://x.example) *b*\` | 2,016 | 0 | new |

### Deployments

| version | time | environment | known by |
| --- | --- | --- | --- |
| \`1.5.0\` | 2026-03-11 10:01 | production | telltale deploy |

### Telemetry

| signal | created | dropped | part |
| --- | ---: | ---: | ---: |
| \`logs\` | 1,008,000 | 0 | 0% |
| \`spans\` | 2,016,000 | 4,032 | 0.2% |
`;

/** A service that is new in the second week: 5 requests in 5 minutes, all up to 0.1 s. */
const BILLING = `## billing

|  | this period | before | change |
| --- | ---: | ---: | ---: |
| Availability | 100% | no data | no data |
| Requests | 10,080 (0.0167/s) | no data | no data |
| Failed (5xx) | 0 | no data | no data |
| p50 | 50 ms | no data | no data |
| p95 | 95 ms | no data | no data |
| p99 | 99 ms | no data | no data |

### Objectives

no data: there are no recorded series of telltale slo

### Slowest routes

| route | p95 | before | change | requests |
| --- | ---: | ---: | ---: | ---: |
| \`POST /invoices\` | 95 ms | no data | no data | 10,080 |

### Most failing routes

none

### Exceptions

none

### Deployments

| version | time | environment | known by |
| --- | --- | --- | --- |
| \`2.1.0\` | 2026-03-13 15:05 |  | version change |

### Telemetry

no data
`;

/** DiskFull fires from 22:00 on; HighErrorRate did for 30 and for 12 minutes. */
const ALERTS = `## Alerts that fired

| alert | severity | service | times | duration | at the end |
| --- | --- | --- | ---: | ---: | --- |
| \`DiskFull\` | warning |  | 1 | 2 h 1 min | firing |
| \`HighErrorRate\` | critical | \`web/shop\` | 2 | 42 min | resolved |
`;

const TITLE = "Weekly report, 2026-03-09 00:00 to 2026-03-16 00:00 (UTC)";
const SUMMARY = "1 of 2 objectives is missed: shop-requests-latency.";
const WEEKLY = `# ${TITLE}

${SUMMARY} Compared with 2026-03-02 00:00 to 2026-03-09 00:00.

${BILLING}
${SHOP}
${ALERTS}`;

interface Version {
  readonly name: string;
  readonly program: (test: Context) => Promise<string>;
}

const versions: readonly Version[] = [
  { name: "Debian's Prometheus", program: async (test) => programOrSkip(test, "prometheus") },
  { name: "Prometheus 3", program: (test) => goToolOrSkip(test, "prometheus") },
];

for (const { name, program } of versions) {
  describe(`A report of ${name}`, () => {
    let folder: string;
    let server: PrometheusServer;
    let week: readonly string[];

    before(async function () {
      const promtool = programOrSkip(this, "promtool");
      const prometheus = await program(this);
      folder = mkdtempSync(join(tmpdir(), "telltale-report-"));
      const file = join(folder, "weeks.om");
      const data = join(folder, "data");
      writeFileSync(file, twoWeeks());
      // By default a block has two hours, and to write 168 of them takes a minute.
      const blocks = ["tsdb", "create-blocks-from", "--max-block-duration=360h", "openmetrics"];
      execFileSync(promtool, [...blocks, "--quiet", file, data]);
      const flags = ["--storage.tsdb.retention.time=100y"];
      server = await PrometheusServer.start(prometheus, { data, flags });
      const period = ["--end", "2026-03-16T00:00:00Z", "--timezone", "UTC"];
      week = ["report", "weekly", "--prometheus", server.url, ...period];
    });
    after(async () => {
      await server?.stop();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    });

    it("has the figures of the week, in Markdown", async () => {
      const { code, stdout, stderr } = await runCli(week);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.equal(stdout, WEEKLY);
    });

    it("has the figures of a day, compared with the day before", async () => {
      const period = ["--end", "2026-03-13T00:00:00+01:00", "--timezone", "Europe/Zurich"];
      const shop = ["report", "daily", "--prometheus", server.url, "--service", "shop"];
      const { stdout } = await runCli([...shop, ...period]);
      assert.match(
        stdout,
        /^# Daily report, 2026-03-12 00:00 to 2026-03-13 00:00 \(Europe\/Zurich\)$/m,
      );
      // 288 times 5 minutes.
      assert.match(stdout, /^\| Requests \| 59,040 \(0\.683\/s\) \| 59,040 \| ±0% \|$/m);
      assert.match(stdout, /^\| Failed \(5xx\) \| 576 \| 576 \| ±0% \|$/m);
      // The deployment, and all alerts, were on other days.
      assert.match(stdout, /^### Deployments\n\nnone\n/m);
      assert.match(stdout, /^## Alerts that fired\n\nnone\n/m);
      assert.ok(!stdout.includes("## billing"));
    });

    it("has the same figures as JSON", async () => {
      const { code, stdout } = await runCli([...week, "--service", "web/shop", "--json"]);
      assert.equal(code, 0);
      const { status, services } = JSON.parse(stdout) as {
        readonly status: string;
        readonly services: readonly Readonly<Record<string, { now: number; before: number }>>[];
      };
      const [shop, ...others] = services;
      assert.deepEqual([status, others.length], ["done", 0]);
      const rounded = (figure: string): number[] => {
        const { now = NaN, before = NaN } = shop?.[figure] ?? {};
        return [Math.round(now), Math.round(before)];
      };
      assert.deepEqual(rounded("requests"), [205 * 2016, 146 * 2016]);
      assert.deepEqual(rounded("failed"), [2 * 2016, 2016]);
    });

    it("has the alerts of its services, and those of no service", async () => {
      const { stdout } = await runCli([...week, "--service", "billing", "--json"]);
      const { alerts } = JSON.parse(stdout) as { readonly alerts: readonly { name: string }[] };
      assert.deepEqual(
        alerts.map((alert) => alert.name),
        ["DiskFull"],
      );
    });

    it("has no data of a service that does not exist, and is a failure", async () => {
      const { code, stdout, stderr } = await runCli([...week, "--service", "ghost"]);
      assert.equal(code, 1);
      assert.equal(
        stderr,
        "telltale: the report has no data; check --prometheus, --service and the period\n",
      );
      assert.match(stdout, /^\| Availability \| no data \| no data \| no data \|$/m);
      assert.match(stdout, /^\| Requests \| no data \| no data \| no data \|$/m);
      assert.ok(!/\| 0 \|/.test(stdout), "nothing is 0");
    });

    it("is a page of HTML with charts, which loads nothing and has no foreign markup", async () => {
      const { code, stdout } = await runCli([...week, "--format", "html"]);
      assert.equal(code, 0);
      assert.equal(stdout.match(/<svg /g)?.length, 4);
      // 168 hours of 205 requests each 5 minutes, with failures in each.
      assert.equal(stdout.match(/<rect class="failed"/g)?.length, 168);
      assert.ok(stdout.includes(">2,460</text>"), "the highest hour has 12 times 205 requests");
      assert.ok(stdout.includes('<td class="number">413,280 (0.683/s)</td>'));
      assert.ok(
        stdout.includes("&lt;script&gt;alert(&#39;|`1`|&#39;)&lt;/script&gt; &amp; [link]"),
      );
      assert.ok(!/<script|<img|<link|src=|href=|url\(/i.test(stdout));
    });

    it("is a message of Slack, and one for other webhooks", async () => {
      const webhook = await Webhook.start();
      try {
        const slack = await runCli([...week, "--slack"], {
          env: { TELLTALE_ALERT_URL: webhook.slackUrl },
        });
        assert.deepEqual([slack.code, slack.stderr, slack.stdout], [0, "", `${SUMMARY}\n`]);
        const { text, blocks } = webhook.calls[0]?.body ?? {};
        assert.equal(text, `${TITLE}: ${SUMMARY}`);
        const shown = JSON.stringify(blocks);
        assert.ok((blocks as unknown[]).length <= 50);
        assert.ok(
          shown.includes(
            "• Requests: this period 413,280 (0.683/s) · before 294,336 · change +40%",
          ),
        );
        assert.ok(shown.includes("&lt;script&gt;alert('|'1'|')&lt;/script&gt; &amp; [link]"));
        assert.ok(!shown.includes("<script"));

        const other = await runCli([...week, "--alert-url", `${webhook.url}/${SECRET}`]);
        assert.equal(other.code, 0);
        assert.equal(webhook.calls[1]?.body["text"], WEEKLY);
        assert.equal(webhook.calls[1]?.body["severity"], "info");
      } finally {
        await webhook.close();
      }
    });

    it("is an e-mail, sent after STARTTLS with a password from a file", async () => {
      const { ca, server: certificate } = makeCertificates();
      writeFileSync(join(folder, "ca.pem"), ca);
      writeFileSync(join(folder, "password"), `${SECRET}\n`);
      const credentials = { user: "reports@shop.example", password: SECRET };
      const receiver = await SmtpReceiver.start({ certificate, credentials });
      try {
        const { code, stdout, stderr } = await runCli(
          [
            ...week,
            ...["--smtp", `smtp://reports@shop.example@localhost:${receiver.port}`],
            ...["--smtp-password-file", join(folder, "password")],
            ...["--mail-to", "Team Ö <team@shop.example>", "--mail-to", "boss@shop.example"],
          ],
          { env: { NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") } },
        );
        assert.deepEqual([code, stderr, stdout], [0, "", `${SUMMARY}\n`]);
        const [mail, ...others] = receiver.mails;
        assert.ok(mail !== undefined && others.length === 0, "one message");
        assert.deepEqual([mail.isEncrypted, mail.user], [true, "reports@shop.example"]);
        assert.equal(mail.sender, "reports@shop.example");
        assert.deepEqual(mail.recipients, ["team@shop.example", "boss@shop.example"]);
        assert.equal(mail.headers.get("subject"), `${TITLE}: ${SUMMARY}`);
        assert.equal(mail.headers.get("to"), "Team Ö <team@shop.example>, boss@shop.example");
        assert.deepEqual(
          mail.parts.map(({ type }) => type),
          ["text/plain", "text/html", "text/html"],
        );
        assert.equal(contentOf(mail, "text/plain"), WEEKLY);
        const [, html, page] = mail.parts.map(({ content }) => content);
        assert.ok(html?.includes("413,280") === true && !html.includes("<svg"));
        assert.ok(page?.includes("<svg") === true);
      } finally {
        await receiver.close();
      }
    });

    it("is an e-mail on stdout, for sendmail", async () => {
      const addresses = ["--mail-from", "reports@shop.example", "--mail-to", "team@shop.example"];
      const { code, stdout } = await runCli([...week, "--format", "eml", ...addresses]);
      assert.equal(code, 0);
      const mail = parseMail(stdout);
      assert.equal(mail.headers.get("from"), "reports@shop.example");
      assert.equal(mail.headers.get("auto-submitted"), "auto-generated");
      assert.equal(contentOf(mail, "text/plain"), WEEKLY);
      assert.ok(stdout.split("\r\n").every((line) => line.length <= 998 && !line.includes("\n")));
    });
  });
}
