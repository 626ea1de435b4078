import type { OpsOptions } from "../options/ops-options.ts";
import type { ScrapeOptions } from "../options/scrape-options.ts";

/** A job of `scrape_configs`, with the reason of each part. */
export interface ScrapeJob {
  readonly comment: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
}

/** Returns the jobs of services at fixed addresses. */
export function staticJobs({ scrape }: OpsOptions): readonly ScrapeJob[] {
  return [...scrape.targets].map(([service, targets]) => ({
    comment: [`The page of ${service}. The name of the job is that of the service.`],
    config: { job_name: service, ...access(scrape), static_configs: [{ targets }] },
  }));
}

/** Returns the job of containers with labels, found by Docker. */
export function dockerJobs({ scrape }: OpsOptions): readonly ScrapeJob[] {
  return [
    {
      comment: [
        "Containers with the label prometheus.scrape=true, on the port of the label",
        "prometheus.port (9464 by default). The label prometheus.job, or else the service of",
        "Docker Compose, is the name of the service.",
      ],
      config: {
        job_name: "docker",
        ...access(scrape),
        docker_sd_configs: [{ host: "unix:///var/run/docker.sock", refresh_interval: "30s" }],
        relabel_configs: [
          keep("__meta_docker_container_label_prometheus_scrape", "true"),
          copy("__meta_docker_container_label_com_docker_compose_service", "job"),
          copy("__meta_docker_container_label_prometheus_job", "job"),
          // Docker lists each published port as a target: one for each container is enough.
          address("__meta_docker_network_ip"),
          portOf("__meta_docker_network_ip", "__meta_docker_container_label_prometheus_port"),
          copy("__meta_docker_container_name", "instance", "/(.+)"),
        ],
      },
    },
  ];
}

/** Returns the job of pods with annotations, found by Kubernetes. */
export function kubernetesJobs({ scrape }: OpsOptions): readonly ScrapeJob[] {
  const annotation = "__meta_kubernetes_pod_annotation_prometheus_io";
  return [
    {
      comment: [
        'Pods with the annotation prometheus.io/scrape: "true", on the port of',
        "prometheus.io/port (9464 by default). The label app.kubernetes.io/name is the name of",
        "the service.",
      ],
      config: {
        job_name: "kubernetes-pods",
        ...access(scrape),
        kubernetes_sd_configs: [{ role: "pod" }],
        relabel_configs: [
          keep(`${annotation}_scrape`, "true"),
          // A pod that has ended keeps its address for a while.
          {
            source_labels: ["__meta_kubernetes_pod_phase"],
            regex: "Pending|Succeeded|Failed|Completed",
            action: "drop",
          },
          keep("__meta_kubernetes_pod_container_init", "false"),
          copy("__meta_kubernetes_pod_label_app_kubernetes_io_name", "job"),
          address("__meta_kubernetes_pod_ip"),
          portOf("__meta_kubernetes_pod_ip", `${annotation}_port`),
          copy("__meta_kubernetes_pod_name", "instance"),
          copy("__meta_kubernetes_namespace", "namespace"),
          copy("__meta_kubernetes_pod_name", "pod"),
        ],
      },
    },
  ];
}

/** Returns the jobs of everything beside the services: the Collector, requests from outside, Prometheus itself. */
export function commonJobs({ scrape, uptime }: OpsOptions): readonly ScrapeJob[] {
  const { collectorPage, collector, alertmanagers } = scrape;
  return [
    ...(collectorPage === undefined
      ? []
      : [
          {
            comment: [
              "Metrics of services behind a Collector. Without honor_labels their job and instance",
              "would become exported_job and exported_instance.",
            ],
            config: {
              job_name: "services",
              honor_labels: true,
              static_configs: [{ targets: [collectorPage] }],
            },
          },
        ]),
    ...(collector === undefined
      ? []
      : [plainJob("The own metrics of the Collector.", "collector", [collector])]),
    ...(uptime.urls.length === 0 ? [] : [probeJob(uptime.urls, uptime.blackbox)]),
    plainJob("Alertmanager: whether it delivers messages.", "alertmanager", alertmanagers),
    plainJob("Prometheus itself: whether it evaluates rules.", "prometheus", ["localhost:9090"]),
  ];
}

function plainJob(comment: string, name: string, targets: readonly string[]): ScrapeJob {
  return { comment: [comment], config: { job_name: name, static_configs: [{ targets }] } };
}

/** The blackbox exporter gets the address as a parameter; the label `instance` is the address. */
function probeJob(urls: readonly string[], blackbox: string): ScrapeJob {
  return {
    comment: ["Requests from outside, by the blackbox exporter (blackbox/blackbox.yaml)."],
    config: {
      job_name: "blackbox-http",
      metrics_path: "/probe",
      params: { module: ["http_healthy"] },
      scrape_interval: "30s",
      static_configs: [{ targets: urls }],
      relabel_configs: [
        { source_labels: ["__address__"], target_label: "__param_target" },
        { source_labels: ["__param_target"], target_label: "instance" },
        { target_label: "__address__", replacement: blackbox },
      ],
    },
  };
}

function access({ tokenFile }: ScrapeOptions): object {
  return tokenFile === undefined ? {} : { authorization: { credentials_file: tokenFile } };
}

function keep(label: string, value: string): object {
  return { source_labels: [label], regex: value, action: "keep" };
}

/** Copies a label that is not empty. */
function copy(from: string, to: string, regex = "(.+)"): object {
  return { source_labels: [from], regex, target_label: to };
}

function address(ip: string): object {
  return { source_labels: [ip], target_label: "__address__", replacement: "$1:9464" };
}

function portOf(ip: string, port: string): object {
  return {
    source_labels: [ip, port],
    regex: String.raw`(.+);(\d+)`,
    target_label: "__address__",
    replacement: "$1:$2",
  };
}
