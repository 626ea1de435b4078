import type { AlertOutcome } from "../../alerts/alert-client.ts";
import { postBody } from "../alerts/post-alert.ts";
import type { Deployment } from "./deployment.ts";

export interface GrafanaTarget {
  /** Without a slash at the end, user and password. */
  readonly url: string;
  readonly headers: Readonly<Record<"authorization", string>>;
}

/**
 * Returns the annotation of a deployment, on all dashboards that show its tags.
 * https://grafana.com/docs/grafana/latest/developers/http_api/annotations/
 */
export function annotationOf(deployment: Deployment): object {
  const { service, environment, version, commit, name, url, started, finished } = deployment;
  const what = service === undefined ? deployment.release : `${service} ${version}`;
  const details = [name, commit && `commit ${commit}`, url].filter(Boolean);
  const end = finished.getTime();
  return {
    // A region if it is known when it began.
    time: started?.getTime() ?? end,
    ...(started !== undefined && { timeEnd: end }),
    tags: [
      "deployment",
      ...(service === undefined ? [] : [`service:${service}`]),
      `version:${version}`,
      `environment:${environment}`,
    ],
    text: [`${what} deployed to ${environment}`, ...details].join("\n"),
  };
}

/** Creates the annotation, with one retry. Never rejects. */
export async function annotate(
  deployment: Deployment,
  { url, headers }: GrafanaTarget,
  timeoutMs: number,
): Promise<AlertOutcome> {
  const body = Buffer.from(JSON.stringify(annotationOf(deployment)));
  const receiver = { url: annotationsUrl(url), headers, format: "json" } as const;
  const outcome = await postBody(body, receiver, timeoutMs);
  if (outcome.kind === "sent") return outcome;
  const advice = adviceByStatus[outcome.status ?? 0] ?? "";
  return { ...outcome, reason: outcome.reason + advice };
}

export function annotationsUrl(url: string): string {
  return `${url}/api/annotations`;
}

const adviceByStatus: Readonly<Record<number, string>> = {
  401: "; check GRAFANA_TOKEN",
  403: "; the service account needs the permission annotations:create",
  404: "; check GRAFANA_URL",
};
