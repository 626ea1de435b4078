import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Daemon, freePorts } from "../libraries/servers/daemon.ts";
import { goToolOrSkip } from "../programs.ts";
import { pollUntil } from "../until.ts";

/** A receiver with a field; `timeout` is one of Alertmanager 0.30. */
const receiver = (field: string): string => `
route: { receiver: team }
receivers:
  - name: team
    slack_configs: [{ api_url: "http://127.0.0.1:1/", channel: "#team", ${field}: 10s }]
`;

describe("A command of tools/", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-tools-"));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is promtool 3.16, which reads names in UTF-8", async function () {
    const promtool = await goToolOrSkip(this, "promtool");
    assert.match((await run(promtool, ["--version"])).output, /^promtool, version 3\.16\.0 /);
    const rules = join(folder, "rules.yaml");
    const codes: unknown[] = [];
    for (const expr of ['{"http.duration"}', '{"http.duration}']) {
      const rule = { record: "a:b", expr };
      writeFileSync(rules, JSON.stringify({ groups: [{ name: "a", rules: [rule] }] }));
      codes.push((await run(promtool, ["check", "rules", rules])).code);
    }
    assert.deepEqual(codes, [0, 1]);
  });

  it("is amtool 0.35, which knows the fields of newer receivers, and no others", async function () {
    const amtool = await goToolOrSkip(this, "amtool");
    const file = join(folder, "alertmanager.yaml");
    const codes: unknown[] = [];
    for (const field of ["timeout", "time_out"]) {
      writeFileSync(file, receiver(field));
      codes.push((await run(amtool, ["check-config", file])).code);
    }
    assert.deepEqual(codes, [0, 1]);
  });

  it("is VictoriaLogs, which stores lines and finds them", async function () {
    const binary = await goToolOrSkip(this, "victoria-logs");
    const [port] = await freePorts(1);
    const daemon = new Daemon("victoria-logs");
    const url = `http://127.0.0.1:${port}`;
    try {
      await daemon.start({
        name: "victoria-logs",
        command: [
          binary,
          `-storageDataPath=${join(daemon.directory, "data")}`,
          `-httpListenAddr=127.0.0.1:${port}`,
        ],
        isReady: async () => assert.equal((await fetch(`${url}/health`)).status, 200),
      });
      const line = { _time: new Date().toISOString(), _msg: "order paid", service: "shop" };
      const sent = await fetch(`${url}/insert/jsonline?_stream_fields=service`, {
        method: "POST",
        body: JSON.stringify(line),
      });
      assert.equal(sent.status, 200);
      const found = await pollUntil(async () => {
        const response = await fetch(`${url}/select/logsql/query?query=service:shop`);
        return (await response.text()) || undefined;
      }, "the line");
      assert.equal((JSON.parse(found) as Record<string, string>)["_msg"], "order paid");
    } finally {
      await daemon.stop();
    }
  });
});

function run(command: string, args: readonly string[]): Promise<{ code: unknown; output: string }> {
  return new Promise((resolve) => {
    execFile(command, args, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, output: stdout + stderr });
    });
  });
}
