import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const FILE = "telltale.ops.yaml";
const ON_ALERTMANAGER = "expected the path of a file on the host of Alertmanager";

interface BadInput {
  readonly title: string;
  /** The texts of files. */
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** All lines on stderr, each after `telltale: `. */
  readonly lines: readonly string[];
}

const rows: readonly BadInput[] = [
  {
    title: "Slack without the file of its URL",
    files: { [FILE]: 'alertmanager:\n  receivers:\n    slack: { channel: "#alerts" }\n' },
    lines: [`${FILE}:3: alertmanager.receivers.slack.url_file: is missing, ${ON_ALERTMANAGER}`],
  },
  {
    title: "PagerDuty without the file of its key",
    files: { [FILE]: "alertmanager:\n  receivers:\n    pagerduty: {}\n" },
    lines: [`${FILE}:3: alertmanager.receivers.pagerduty.key_file: is missing, ${ON_ALERTMANAGER}`],
  },
  {
    title: "a user of the mail server without a password",
    files: {
      [FILE]:
        "alertmanager:\n  mail_server:\n    smarthost: mail.example:587\n    from: a@example.com\n    username: alerts\n",
    },
    lines: [`${FILE}:3: alertmanager.mail_server.password_file: is missing, ${ON_ALERTMANAGER}`],
  },
  {
    title: "an e-mail without a mail server",
    files: { [FILE]: "alertmanager:\n  receivers:\n    email: a@example.com\n" },
    lines: [
      `${FILE}:3: alertmanager.receivers.email: expected alertmanager.mail_server, too, which sends the e-mails`,
    ],
  },
  {
    title: "a secret itself in place of its file",
    files: {
      [FILE]:
        'alertmanager:\n  receivers:\n    slack: { channel: "#a", url: "https://hooks.example/s3cret" }\n',
    },
    lines: [
      `${FILE}:3: alertmanager.receivers.slack.url_file: is missing, ${ON_ALERTMANAGER}`,
      `${FILE}:3: alertmanager.receivers.slack.url: the key is not known, did you mean url_file?`,
    ],
  },
  {
    title: "receivers of teams, each with something missing",
    files: {
      [FILE]:
        'alertmanager:\n  teams:\n    web:\n      slack: { url_file: /run/slack }\n    "a b":\n      webhook: {}\n    payments:\n      pager: { key_file: /run/key }\n',
    },
    lines: [
      `${FILE}:4: alertmanager.teams.web.slack.channel: is missing, expected a channel such as #alerts`,
      `${FILE}:6: alertmanager.teams.a b: expected at most 100 letters, digits, and _ . -`,
      `${FILE}:6: alertmanager.teams.a b.webhook.url: is missing, expected an address that begins with http:// or https://, without user and password`,
      `${FILE}:8: alertmanager.teams.payments.pager: the key is not known, did you mean pagerduty?`,
    ],
  },
  {
    title: "a broken file of Sloth",
    files: {
      [FILE]: "slo: { from: sloth.yaml }\n",
      "sloth.yaml":
        "version: prometheus/v1\nservice: shop\nslos:\n  - name: orders\n    objective: 200\n    sli: { plugin: { id: a } }\n",
    },
    lines: [
      'sloth.yaml:5: slos[0].objective: received "200", expected a percentage from 90 to 99.999, such as 99.9',
      "sloth.yaml:6: slos[0].sli.plugin: plugins are Go code, which only Sloth runs; expected events or raw",
    ],
  },
  {
    title: "a file of Sloth that is no YAML",
    files: { [FILE]: "slo: { from: sloth.yaml }\n", "sloth.yaml": "slos: [\n" },
    lines: [
      "sloth.yaml:2: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
  },
  {
    title: "a file of Sloth that does not exist",
    files: { [FILE]: "slo: { from: nowhere.yaml }\n" },
    lines: [
      `${FILE}:1: slo.from: nowhere.yaml can't be read (Error: ENOENT: no such file or directory, open 'FOLDER/nowhere.yaml')`,
    ],
  },
  {
    title: "a file of --config that does not exist",
    args: ["--config", "other.yaml"],
    lines: ["--config: other.yaml can't be read: there is no such file"],
  },
  {
    title: "a folder as the file of --config",
    args: ["--config", "."],
    lines: ["--config: . can't be read: Error: EISDIR: illegal operation on a directory, read '.'"],
  },
  { title: "--config without a value", args: ["--config"], lines: ["--config has no value"] },
];

describe("telltale ops, with bad input", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-ops-bad-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const { title, files = {}, args = [], lines } of rows) {
    it(`writes nothing, and has one line for each problem: ${title}`, () => {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "ops", ...args], {
        cwd: folder,
        encoding: "utf8",
      });
      const shown = stderr.replaceAll(folder, "FOLDER");
      // Node 26 names the folder in its message.
      assert.equal(
        shown.replace("directory, read\n", "directory, read '.'\n"),
        lines.map((line) => `telltale: ${line}\n`).join(""),
      );
      assert.deepEqual([status, stdout], [2, ""]);
      assert.doesNotMatch(stderr, /s3cret/);
      assert.ok(!existsSync(join(folder, "ops")));
    });
  }
});
