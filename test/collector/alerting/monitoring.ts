import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { parseOpsConfig } from "../../../src/cli/ops/config-file.ts";
import { generateFiles } from "../../../src/ops/generate.ts";
import { freePort } from "../../free-port.ts";
import { Daemon } from "../../libraries/servers/daemon.ts";
import { PrometheusServer } from "../support/prometheus.ts";
import { optionsText, shortWindows } from "./options.ts";
import { type Receivers, startReceivers } from "./receivers.ts";

export interface MonitoringOptions {
  /** Paths of the programs. */
  readonly prometheus: string;
  readonly alertmanager: string;
  /** Addresses of metrics by service. */
  readonly pages: readonly (readonly [service: string, address: string])[];
}

/** Prometheus and Alertmanager with the files of `telltale ops`, and receivers of the messages. */
export interface Monitoring {
  readonly prometheus: PrometheusServer;
  readonly alertmanagerUrl: string;
  readonly receivers: Receivers;
  /** The texts of the generated files by their paths. */
  readonly files: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

/**
 * Generates the files, and starts what reads them. The intervals of scrapes, evaluations and
 * groups of messages are shorter; everything else is as it is generated.
 */
export async function startMonitoring(options: MonitoringOptions): Promise<Monitoring> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  try {
    const receivers = await startReceivers();
    stops.push(() => receivers.close());
    const daemon = new Daemon("alertmanager");
    stops.push(() => daemon.stop());
    const files = new Map<string, string>();
    const pages = await servePages(files);
    stops.push(() => pages.close());
    for (const [path, text] of generated(daemon.directory, receivers, pages.url)) {
      files.set(path, text);
      const file = join(daemon.directory, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, hastened(path, text, receivers));
    }
    const alertmanagerUrl = await startAlertmanager(daemon, options.alertmanager);
    const prometheus = await PrometheusServer.start(options.prometheus, {
      config: () => prometheusConfig(daemon.directory, alertmanagerUrl, options.pages),
    });
    stops.push(() => prometheus.stop());
    return { prometheus, alertmanagerUrl, receivers, files, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Generates by a `telltale.ops.yaml`, and writes the secrets that it names. */
function generated(
  folder: string,
  { slack, mail }: Receivers,
  pages: string,
): readonly (readonly [path: string, text: string])[] {
  const [slackFile, keyFile] = [join(folder, "slack-url"), join(folder, "pagerduty-key")];
  writeFileSync(slackFile, slack.slackUrl);
  writeFileSync(keyFile, "key-of-the-shop");
  const text = optionsText({ slackFile, keyFile, smarthost: mail.address, pages });
  const { options, problems } = parseOpsConfig("telltale.ops.yaml", text);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const alerts = new Map(
    [...options.alerts].map(([name, settings]) => {
      const window = shortWindows[name];
      return [name, window === undefined ? settings : { ...settings, window }];
    }),
  );
  return generateFiles({ ...options, alerts }).map((file) => [file.path, file.text]);
}

/** Replaces the intervals, in the proportions that they have, and the address of PagerDuty. */
function hastened(path: string, text: string, { pagerduty }: Receivers): string {
  if (path.startsWith("prometheus/"))
    return text.replaceAll(/^( +)interval: 1m$/gmu, "$1interval: 1s");
  if (!path.endsWith("alertmanager.yaml")) return text;
  return text
    .replace(/^global:$/mu, `global:\n  pagerduty_url: ${pagerduty.url}/v2/enqueue`)
    .replaceAll("group_wait: 30s", "group_wait: 4s")
    .replaceAll("group_wait: 10s", "group_wait: 1s")
    .replaceAll("group_interval: 5m", "group_interval: 3s");
}

function prometheusConfig(
  folder: string,
  alertmanager: string,
  pages: MonitoringOptions["pages"],
): string {
  const jobs = pages.map(
    ([service, address]) =>
      `  - { job_name: ${service}, static_configs: [{ targets: ["${address}"] }] }`,
  );
  return `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ["${folder}/prometheus/alerts*.yaml"]
alerting: { alertmanagers: [{ static_configs: [{ targets: ["${new URL(alertmanager).host}"] }] }] }
scrape_configs:
${jobs.join("\n")}
`;
}

async function startAlertmanager(daemon: Daemon, program: string): Promise<string> {
  const url = `http://127.0.0.1:${await freePort()}`;
  await daemon.start({
    name: "alertmanager",
    command: [
      program,
      `--config.file=${join(daemon.directory, "alertmanager", "alertmanager.yaml")}`,
      `--storage.path=${join(daemon.directory, "data")}`,
      `--web.listen-address=${new URL(url).host}`,
      `--web.external-url=${url}`,
      "--cluster.listen-address=",
    ],
    async isReady() {
      const response = await fetch(`${url}/-/ready`);
      if (!response.ok) throw new Error(`ready: ${response.status}`);
    },
  });
  return url;
}

interface Pages {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the generated files, as a repository's page would. */
async function servePages(files: ReadonlyMap<string, string>): Promise<Pages> {
  const server = createServer((request, response) => {
    const text = files.get(request.url?.slice(1) ?? "");
    response.statusCode = text === undefined ? 404 : 200;
    response.end(text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}
