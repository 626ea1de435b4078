import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { freePort } from "../../free-port.ts";
import { SmtpReceiver } from "../../operations/receivers/smtp.ts";
import { Webhook } from "../../operations/receivers/webhook.ts";
import { type CliResult, runCli, SECRET } from "../alerts/cli-program.ts";

/** What a server does in place of Prometheus, after it has read the request. */
type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const json =
  (status: number, body: object): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };

interface Row {
  readonly title: string;
  readonly answer: Answer;
  readonly args?: readonly string[];
  readonly reason: RegExp;
}

const rows: readonly Row[] = [
  {
    title: "rejects the password",
    answer: (response) => response.writeHead(401).end("Unauthorized"),
    reason: /answered 401; check the user, password or token$/,
  },
  {
    title: "can't evaluate a query",
    answer: json(422, { status: "error", error: "query processing would load too many samples" }),
    reason: /answered 422 \(query processing would load too many samples\)$/,
  },
  {
    title: "is no Prometheus",
    answer: (response) => response.end("<html>hello</html>"),
    reason: /answered 200; check --prometheus, which is no Prometheus HTTP API$/,
  },
  {
    title: "redirects",
    answer: (response) => response.writeHead(302, { location: `/${SECRET}` }).end(),
    reason: /answered 302; check --prometheus, which is no Prometheus HTTP API$/,
  },
  {
    title: "closes the connection",
    answer: (_response, request) => request.socket.destroy(),
    reason: /failed \(ECONNRESET\)$/,
  },
  {
    title: "does not answer",
    answer: () => {},
    args: ["--timeout", "0.2"],
    reason: /got no answer in time \(--timeout\)$/,
  },
];

describe("A report", () => {
  let server: Server;
  let answer: Answer;
  let authorization: string | undefined;
  let address: string;
  before(async () => {
    server = createServer((request, response) => {
      ({ authorization } = request.headers);
      void text(request).then(() => answer(response, request));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  const report = (...args: readonly string[]): Promise<CliResult> =>
    runCli(["report", "daily", "--prometheus", `http://u:${SECRET}@${address}`, ...args]);

  for (const { title, answer: given, args = [], reason } of rows) {
    it(`is one line on stderr and exit code 1, if Prometheus ${title}`, async () => {
      answer = given;
      const { code, stdout, stderr } = await report(...args);
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
      assert.equal(stderr.match(/\n/g)?.length, 1, stderr);
      assert.ok(
        stderr.startsWith(`telltale: there is no report: POST http://${address}/*** `),
        stderr,
      );
      assert.match(stderr.trimEnd(), reason);
    });
  }

  it("has its failure as JSON, if Prometheus can't be reached", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { code, stdout, stderr } = await runCli([
      "report",
      "daily",
      "--prometheus",
      url,
      "--json",
    ]);
    const reason = `POST ${url}/*** failed (ECONNREFUSED)`;
    assert.deepEqual(
      { code, stderr },
      { code: 1, stderr: `telltale: there is no report: ${reason}\n` },
    );
    assert.deepEqual(JSON.parse(stdout), { status: "failed", reason });
  });

  it("has no data if Prometheus has none, which gets user and password", async () => {
    answer = json(200, { status: "success", data: { resultType: "matrix", result: [] } });
    const { code, stdout, stderr } = await report();
    assert.equal(code, 1);
    assert.match(stderr, /^telltale: the report has no data; check --prometheus/);
    assert.match(stdout, /^No service has any data in this period\.$/m);
    assert.equal(authorization, `Basic ${Buffer.from(`u:${SECRET}`).toString("base64")}`);
  });

  it("arrives at one receiver, if the other one fails", async () => {
    answer = json(200, {
      status: "success",
      data: { result: [{ metric: { job: "shop" }, values: [[0, "1"]] }] },
    });
    const folder = mkdtempSync(join(tmpdir(), "telltale-report-failures-"));
    writeFileSync(join(folder, "password"), SECRET);
    const webhook = await Webhook.start();
    const smtp = await SmtpReceiver.start();
    try {
      webhook.answer({ status: 404, body: "no_service" });
      const mail = ["--smtp", `smtp://127.0.0.1:${smtp.port}`, "--smtp-plaintext"];
      const parties = ["--mail-from", "reports@shop.example", "--mail-to", "team@shop.example"];
      const alertUrl = ["--alert-url", `${webhook.url}/${SECRET}`];
      const first = await report(...alertUrl, ...mail, ...parties);
      assert.equal(first.code, 1);
      assert.equal(
        first.stderr,
        `telltale: the report was not sent to ${webhook.url}/***: POST ${webhook.url}/*** answered 404 (no_service)\n`,
      );
      assert.equal(smtp.mails.length, 1);

      smtp.reply("RCPT", "550 no such user");
      const second = await report(...alertUrl, ...mail, ...parties, "--json");
      assert.equal(second.code, 1);
      assert.equal(
        second.stderr,
        `telltale: the report was not sent to team@shop.example: ${smtp.address}: answered 550 to the recipient team@shop.example (no such user)\n`,
      );
      const { status, sent } = JSON.parse(second.stdout) as { status: string; sent: object[] };
      assert.deepEqual([status, sent.length], ["failed", 2]);
      assert.equal(webhook.calls.length, 2);
    } finally {
      await Promise.all([webhook.close(), smtp.close()]);
      rmSync(folder, { recursive: true });
    }
  });

  it("has all problems of wrong use", async () => {
    const { code, stdout, stderr } = await runCli([
      "report",
      "yearly",
      "--json",
      "--timezon",
      "UTC",
    ]);
    const problems = [
      "option --timezon is not known, did you mean --timezone?",
      "unexpected argument after the period: quote it as a whole",
      'received "yearly", expected daily or weekly',
      "--prometheus is missing, such as http://localhost:9090",
    ];
    assert.equal(code, 2);
    assert.equal(stderr, problems.map((problem) => `telltale: ${problem}\n`).join(""));
    assert.deepEqual(JSON.parse(stdout), { status: "wrong use", problems });
  });

  it("has a help in lines of 80 characters", async () => {
    const { code, stdout, stderr } = await runCli(["report", "--help", "--nonsense"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.deepEqual(
      stdout.split("\n").filter((line) => line.length > 80),
      [],
    );
  });
});
