import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Deployment } from "./deployment.ts";
import { exposition } from "./deployment-metric.ts";

/** Returns the path of the file: one for each service and environment, of the last deployment. */
export function textfilePath(folder: string, deployment: Deployment): string {
  const { service = "", namespace = "", environment } = deployment;
  const names = [namespace, service, environment].filter(Boolean).map(fileName);
  return join(folder, `telltale_deployment_${names.join("_")}.prom`);
}

/**
 * Writes the metric for the textfile collector of node_exporter, whole or not at all.
 * https://github.com/prometheus/node_exporter#textfile-collector
 *
 * @returns the reason, if it is not possible.
 */
export async function writeTextfile(
  folder: string,
  deployment: Deployment,
): Promise<string | undefined> {
  const path = textfilePath(folder, deployment);
  // node_exporter reads the files that end in `.prom`.
  const part = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(part, exposition(deployment), { flag: "wx", mode: 0o644 });
    await rename(part, path);
    return undefined;
  } catch (error) {
    await rm(part, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    return `${path} can't be written (${code ?? message})`;
  }
}

function fileName(text: string): string {
  return text.replace(/[^\w.-]/g, "-");
}
