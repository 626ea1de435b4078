import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { makeCertificates } from "../../export/certificates.ts";
import { Daemon, freePorts } from "../../libraries/servers/daemon.ts";
import { scrapeJob } from "./scrape-job.ts";

/** A program beside the services that Prometheus scrapes. */
export interface ScrapedProgram {
  /** Its job of the scrape configuration. */
  readonly job: string;
  stop(): Promise<void>;
}

/** Starts Alertmanager, which notifies no one. */
export async function startAlertmanager(program: string): Promise<ScrapedProgram> {
  const [port] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const daemon = new Daemon("alertmanager");
  const file = join(daemon.directory, "alertmanager.yaml");
  writeFileSync(file, "route: { receiver: none }\nreceivers: [{ name: none }]\n");
  await daemon.start({
    name: "alertmanager",
    command: [
      program,
      `--config.file=${file}`,
      `--storage.path=${daemon.directory}`,
      `--web.listen-address=${address}`,
      "--cluster.listen-address=",
    ],
    isReady: () => expectOk(`http://${address}/-/ready`),
  });
  return { job: scrapeJob("alertmanager", [address]), stop: () => daemon.stop() };
}

/** Starts the blackbox exporter, which probes a site with a certificate, and one that is down. */
export async function startBlackbox(program: string): Promise<ScrapedProgram> {
  const site = createServer(makeCertificates().server, (_request, response) => response.end("ok"));
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  const { port: sitePort } = site.address() as AddressInfo;
  const [port, closedPort] = await freePorts(2);
  const address = `127.0.0.1:${port}`;
  const daemon = new Daemon("blackbox");
  const file = join(daemon.directory, "blackbox.yaml");
  const http = "{ preferred_ip_protocol: ip4, tls_config: { insecure_skip_verify: true } }";
  writeFileSync(file, `modules: { http_2xx: { prober: http, timeout: 5s, http: ${http} } }\n`);
  const stop = async (): Promise<void> => {
    await daemon.stop();
    site.closeAllConnections();
    await once(site.close(), "close");
  };
  await daemon.start({
    name: "blackbox",
    command: [program, `--config.file=${file}`, `--web.listen-address=${address}`],
    isReady: () => expectOk(`http://${address}/-/healthy`),
  });
  const sites = [`https://127.0.0.1:${sitePort}/`, `http://127.0.0.1:${closedPort}/`];
  const job = scrapeJob("blackbox-http", sites, [
    "metrics_path: /probe",
    "params: { module: [http_2xx] }",
    "relabel_configs:",
    "  - { source_labels: [__address__], target_label: __param_target }",
    "  - { source_labels: [__param_target], target_label: instance }",
    `  - { target_label: __address__, replacement: "${address}" }`,
  ]);
  return { job, stop };
}

async function expectOk(url: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
}
