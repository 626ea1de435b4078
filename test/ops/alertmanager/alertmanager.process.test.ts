import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { parseOpsConfig } from "../../../src/cli/ops/config-file.ts";
import { alertmanagerFiles } from "../../../src/ops/alertmanager/alertmanager-files.ts";
import { commonAlerts } from "../../../src/ops/alerts/alerts.ts";
import { defaultOptions, type OpsOptions } from "../../../src/ops/options/ops-options.ts";
import { goToolOrSkip, programOrSkip } from "../../programs.ts";
import { withFolder } from "../generated-folder.ts";

const run = promisify(execFile);

const everything = optionsOf(`
alertmanager:
  mail_server: { smarthost: "smtp:587", from: a@example.com, username: a, password_file: /etc/p }
  receivers:
    slack: { channel: "#alerts", url_file: /etc/slack }
    email: ops@example.com, on-call@example.com
  teams:
    web:
      slack: { channel: "#web", url_file: /etc/slack }
      pagerduty: { key_file: /etc/pagerduty }
      webhook: { url: "https://hook.example/alerts", token_file: /etc/token }
  quiet_hours: { from: "18:00", to: "08:00", weekends: true, time_zone: Europe/Berlin }
  heartbeat_url: https://heartbeat.example/1
`);

const optionRows: readonly { readonly title: string; readonly options: OpsOptions }[] = [
  { title: "the defaults", options: defaultOptions },
  { title: "all options", options: everything },
];

/** The receiver of an alert, by its labels. */
const routes: readonly {
  readonly labels: string;
  readonly receiver: string;
  readonly without: string;
}[] = [
  { labels: "alertname=Watchdog severity=info team=web", receiver: "heartbeat", without: "none" },
  { labels: "severity=critical team=web", receiver: "web-critical", without: "default-critical" },
  { labels: "severity=page team=web", receiver: "web-critical", without: "default-critical" },
  { labels: "severity=warning team=web", receiver: "web-warning", without: "default-warning" },
  { labels: "severity=ticket team=web", receiver: "web-warning", without: "default-warning" },
  { labels: "severity=info team=web", receiver: "web-info", without: "default-info" },
  { labels: "severity=other team=web", receiver: "web-warning", without: "default-warning" },
  {
    labels: "severity=critical team=ops",
    receiver: "default-critical",
    without: "default-critical",
  },
  { labels: "severity=warning", receiver: "default-warning", without: "default-warning" },
  { labels: "severity=info", receiver: "default-info", without: "default-info" },
];

describe("the configuration of Alertmanager", () => {
  for (const { title, options } of optionRows) {
    it(`is valid for Alertmanager 0.25, with ${title}`, async function () {
      const amtool = programOrSkip(this, "amtool");
      await withFolder(alertmanagerFiles(options), async (folder) => {
        await run(amtool, ["check-config", join(folder, "alertmanager/alertmanager.yaml")]);
      });
    });

    it(`is valid for the newest Alertmanager in both forms, with ${title}`, async function () {
      const amtool = await goToolOrSkip(this, "amtool");
      await withFolder(alertmanagerFiles(options), async (folder) => {
        for (const name of ["alertmanager.yaml", "alertmanager-0.30.yaml"])
          await run(amtool, ["check-config", join(folder, "alertmanager", name)]);
      });
    });
  }

  for (const { labels, receiver, without } of routes) {
    it(`sends ${labels} to ${receiver}, and to ${without} without receivers of the team`, async function () {
      const amtool = programOrSkip(this, "amtool");
      assert.equal(await receiverOf(amtool, everything, labels), receiver);
      assert.equal(await receiverOf(amtool, defaultOptions, labels), without);
    });
  }

  it("wakes people for critical alerts only", () => {
    const { receivers } = configurationOf(everything);
    const waking = receivers.filter((receiver) => "pagerduty_configs" in receiver);
    assert.deepEqual(
      waking.map(({ name }) => name),
      ["web-critical"],
    );
  });

  it("lets warnings and messages wait in quiet hours, and critical alerts never", () => {
    const { route } = configurationOf(everything);
    const branches = route.routes.flatMap((team) => team.routes ?? []);
    assert.equal(branches.length, 6);
    for (const { receiver, mute_time_intervals } of branches)
      assert.equal(mute_time_intervals === undefined, receiver.endsWith("-critical"), receiver);
  });

  it("inhibits alerts by those of the same cause, with the labels that both have", () => {
    const { inhibit_rules } = configurationOf(defaultOptions);
    const named = commonAlerts.filter(({ inhibitedBy = [] }) => inhibitedBy.length > 0);
    for (const { name, inhibitedBy = [] } of named) {
      const rules = inhibit_rules.filter(
        ({ target_matchers: [target] }) => target === `alertname="${name}"`,
      );
      const sources = rules.flatMap(({ source_matchers: [source = ""] }) =>
        source.replaceAll(/^alertname=~?"|"$/g, "").split("|"),
      );
      assert.deepEqual(sources.toSorted(), inhibitedBy.toSorted(), name);
    }
  });
});

interface Configuration {
  readonly route: { readonly routes: readonly Branch[] };
  readonly receivers: readonly { readonly name: string }[];
  readonly inhibit_rules: readonly {
    readonly source_matchers: readonly string[];
    readonly target_matchers: readonly string[];
  }[];
}

interface Branch {
  readonly receiver: string;
  readonly mute_time_intervals?: readonly string[];
  readonly routes?: readonly Branch[];
}

function configurationOf(options: OpsOptions): Configuration {
  const file = alertmanagerFiles(options).find(({ path }) => path.endsWith("alertmanager.yaml"));
  return parse(file?.text ?? "") as Configuration;
}

async function receiverOf(amtool: string, options: OpsOptions, labels: string): Promise<string> {
  return withFolder(alertmanagerFiles(options), async (folder) => {
    const file = join(folder, "alertmanager/alertmanager.yaml");
    const args = ["config", "routes", "test", `--config.file=${file}`, ...labels.split(" ")];
    const { stdout } = await run(amtool, args);
    return stdout.trim();
  });
}

function optionsOf(text: string): OpsOptions {
  const { options, problems } = parseOpsConfig("telltale.ops.yaml", text);
  assert.deepEqual(problems, []);
  return options;
}
