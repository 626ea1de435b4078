import { stringify } from "yaml";
import { alertFiles } from "../alerts/alert-files.ts";
import type { OpsOptions } from "../options/ops-options.ts";
import type { OutputFile } from "../output-file.ts";
import { recordingFiles } from "../prometheus/recordings.ts";
import { sloRuleFiles } from "../slo/slo-files.ts";

/** A service without options. */
const DEFAULT_SERVICE = "app";

/** Returns the manifests for Kubernetes with the Prometheus operator, below `kubernetes/`. */
export function kubernetesFiles(options: OpsOptions): readonly OutputFile[] {
  const names = options.services.map(({ name }) => name);
  const services = names.length === 0 ? [DEFAULT_SERVICE] : names;
  const probe = probeManifest(options);
  return [
    {
      path: "kubernetes/service-monitors.yaml",
      text: documents(
        "Scrapes the pages of services: each Service needs a port with the name metrics (9464).",
        services.map((name) => serviceMonitor(name, options)),
      ),
    },
    {
      path: "kubernetes/deployment.yaml",
      text: documents(
        "What a Deployment needs: the port, the probes, and time to finish work at its end. For kustomize, as patches.",
        services.map((name) => deploymentPatch(name, options)),
      ),
    },
    ...(probe === undefined
      ? []
      : [{ path: "kubernetes/probe.yaml", text: documents("Requests from outside.", [probe]) }]),
    ...ruleManifests(options),
  ];
}

/** Rules as they are in the files for Prometheus, comments included. */
function ruleManifests(options: OpsOptions): readonly OutputFile[] {
  const files = [...recordingFiles(options), ...alertFiles(options), ...sloRuleFiles(options)];
  return files.map(({ path, text }) => {
    const name = path.replace(/^prometheus\/|\.yaml$/g, "");
    const head = stringify(
      resource("monitoring.coreos.com/v1", "PrometheusRule", `telltale-${name}`, options),
    );
    const groups = text.slice(text.indexOf("groups:")).replaceAll(/^(?=.)/gm, "  ");
    return {
      path: `kubernetes/rules-${name}.yaml`,
      text: `# The rules of ${path}, for the Prometheus operator.\n${head}spec:\n${groups}`,
    };
  });
}

function resource(
  apiVersion: string,
  kind: string,
  name: string,
  { kubernetes }: OpsOptions,
): object {
  const { namespace, labels } = kubernetes;
  return { apiVersion, kind, metadata: { name, namespace, labels } };
}

function serviceMonitor(name: string, options: OpsOptions): object {
  const { scrape } = options;
  return {
    ...resource("monitoring.coreos.com/v1", "ServiceMonitor", name, options),
    spec: {
      jobLabel: "app.kubernetes.io/name",
      selector: { matchLabels: { "app.kubernetes.io/name": name } },
      endpoints: [
        {
          port: "metrics",
          path: "/metrics",
          interval: scrape.interval,
          relabelings: [{ sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "instance" }],
        },
      ],
    },
  };
}

function probeManifest(options: OpsOptions): object | undefined {
  const { urls, blackbox } = options.uptime;
  if (urls.length === 0) return undefined;
  return {
    ...resource("monitoring.coreos.com/v1", "Probe", "telltale-uptime", options),
    spec: {
      jobName: "blackbox-http",
      interval: "30s",
      module: "http_healthy",
      prober: { url: blackbox },
      targets: { staticConfig: { static: urls } },
    },
  };
}

function deploymentPatch(name: string, { kubernetes }: OpsOptions): object {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: kubernetes.namespace },
    spec: {
      template: {
        metadata: {
          labels: { "app.kubernetes.io/name": name },
          annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": "9464" },
        },
        spec: {
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              name,
              ports: [{ name: "metrics", containerPort: 9464 }],
              env: [
                { name: "OTEL_SERVICE_NAME", value: name },
                { name: "OTEL_EXPORTER_PROMETHEUS_HOST", value: "0.0.0.0" },
              ],
              startupProbe: { ...httpProbe("/livez"), periodSeconds: 2, failureThreshold: 30 },
              // Three times in a row: a garbage collection is no reason for a restart.
              livenessProbe: { ...httpProbe("/livez"), periodSeconds: 10, failureThreshold: 3 },
              readinessProbe: { ...httpProbe("/readyz"), periodSeconds: 5, failureThreshold: 2 },
            },
          ],
        },
      },
    },
  };
}

function httpProbe(path: string): object {
  return { httpGet: { path, port: "metrics" } };
}

function documents(comment: string, contents: readonly object[]): string {
  const texts = contents.map((content) => stringify(content, { lineWidth: 0 }));
  return `# ${comment} Written by telltale ops.\n${texts.join("---\n")}`;
}
