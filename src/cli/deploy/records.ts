import type { Alert } from "../../alerts/alert.ts";
import type { AlertOutcome } from "../../alerts/alert-client.ts";
import { alertBody } from "../../alerts/alert-body.ts";
import type { OtlpConfig } from "../../config/config.ts";
import { maskAddress } from "../../config/mask.ts";
import { lazy } from "../../lazy.ts";
import { version } from "../../version.ts";
import { postAlert } from "../alerts/post-alert.ts";
import type { Deployment } from "./deployment.ts";
import { exposition, metricOf } from "./deployment-metric.ts";
import { annotate, annotationOf, annotationsUrl } from "./grafana.ts";
import type { Targets } from "./options.ts";
import { textfilePath, writeTextfile } from "./textfile.ts";

const loadOtlp = lazy<typeof import("../../export/otlp/exporter.ts")>("export/otlp/exporter.ts");

export type TargetName = "grafana" | "metric" | "textfile" | "alert";

/** Records a deployment in one target other than Sentry. */
export interface DeploymentRecord {
  readonly target: TargetName;
  /** What is done, for a dry run. The address has no secrets. */
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly body: unknown;
  };
  /** What is printed once it is done. */
  readonly done: string;
  /** Resolves to the reason if it fails. Never rejects. */
  run(timeoutMs: number): Promise<string | undefined>;
}

/** Returns what records a deployment in the targets other than Sentry. */
export function recordsOf(deployment: Deployment, targets: Targets): readonly DeploymentRecord[] {
  const { grafana, metric, textfile, alert } = targets;
  return [
    ...(grafana === undefined ? [] : [grafanaRecord(deployment, grafana)]),
    ...(metric === undefined ? [] : [metricRecord(deployment, metric)]),
    ...(textfile === undefined ? [] : [textfileRecord(deployment, textfile)]),
    ...(alert === undefined ? [] : [alertRecord(deployment, alert)]),
  ];
}

function grafanaRecord(
  deployment: Deployment,
  target: NonNullable<Targets["grafana"]>,
): DeploymentRecord {
  return {
    target: "grafana",
    request: {
      method: "POST",
      url: annotationsUrl(target.url),
      body: annotationOf(deployment),
    },
    done: `Annotation in ${maskAddress(target.url)} is created`,
    run: async (timeoutMs) => reasonOf(await annotate(deployment, target, timeoutMs)),
  };
}

function metricRecord(deployment: Deployment, config: OtlpConfig): DeploymentRecord {
  const url = maskAddress(config.url);
  return {
    target: "metric",
    request: { method: "POST", url, body: exposition(deployment) },
    done: `Metric is sent to ${url}`,
    run: async (timeoutMs) => {
      const reason = await sendToFirst(deployment, config.gateways ?? [config], timeoutMs);
      return reason === undefined ? undefined : `POST ${url} ${reason}`;
    },
  };
}

/** Sends the metric to the first gateway that accepts it. */
async function sendToFirst(
  deployment: Deployment,
  gateways: readonly OtlpConfig[],
  timeoutMs: number,
): Promise<string | undefined> {
  const deadline = performance.now() + timeoutMs;
  let reason: string | undefined;
  for (const gateway of gateways) {
    const leftMs = Math.max(0, Math.round(deadline - performance.now()));
    reason = await loadOtlp().sendMetrics(metricOf(deployment, version), gateway, leftMs);
    if (reason === undefined) return undefined;
  }
  return reason;
}

function textfileRecord(deployment: Deployment, folder: string): DeploymentRecord {
  const path = textfilePath(folder, deployment);
  return {
    target: "textfile",
    request: { method: "write", url: path, body: exposition(deployment) },
    done: `Metric is in ${path}`,
    run: () => writeTextfile(folder, deployment),
  };
}

function alertRecord(
  deployment: Deployment,
  receiver: NonNullable<Targets["alert"]>,
): DeploymentRecord {
  const alert = alertOf(deployment);
  const url = maskAddress(receiver.url);
  return {
    target: "alert",
    request: {
      method: "POST",
      url,
      body: JSON.parse(Buffer.from(alertBody(alert, receiver.format)).toString()),
    },
    done: `Message is sent to ${url}`,
    run: async (timeoutMs) => reasonOf(await postAlert(alert, receiver, timeoutMs)),
  };
}

function alertOf(deployment: Deployment): Alert {
  const { service, version: deployed, release, environment, name, url, commit } = deployment;
  const what = service === undefined ? release : `${service} ${deployed}`;
  const fields = { name, commit, url };
  const known = Object.entries(fields).filter((entry): entry is [string, string] => !!entry[1]);
  return {
    message: `${what} was deployed to ${environment}`,
    severity: "info",
    time: deployment.finished,
    fields: Object.fromEntries(known),
    service,
    environment,
    release,
  };
}

function reasonOf(outcome: AlertOutcome): string | undefined {
  return outcome.kind === "sent" ? undefined : outcome.reason;
}
