import { stringify } from "yaml";
import type { OpsOptions } from "../options/ops-options.ts";
import type { OutputFile } from "../output-file.ts";
import {
  commonJobs,
  dockerJobs,
  kubernetesJobs,
  type ScrapeJob,
  staticJobs,
} from "./scrape-jobs.ts";

/** The configurations of Prometheus, by how it finds the services. */
const forms: readonly {
  readonly name: string;
  readonly use: string;
  readonly jobs: (options: OpsOptions) => readonly ScrapeJob[];
}[] = [
  { name: "prometheus", use: "Services at fixed addresses", jobs: staticJobs },
  { name: "prometheus-docker", use: "Services that Docker runs", jobs: dockerJobs },
  {
    name: "prometheus-kubernetes",
    use: "Services in Kubernetes, without the Prometheus operator",
    jobs: kubernetesJobs,
  },
];

/** Returns the configurations of Prometheus 2.42 and newer. */
export function prometheusFiles(options: OpsOptions): readonly OutputFile[] {
  return forms.map(({ name, use, jobs }) => ({
    path: `prometheus/${name}.yaml`,
    text: configuration(use, [...jobs(options), ...commonJobs(options)], options),
  }));
}

function configuration(use: string, jobs: readonly ScrapeJob[], { scrape }: OpsOptions): string {
  const { interval, alertmanagers } = scrape;
  const head = {
    global: { scrape_interval: interval, evaluation_interval: interval },
    rule_files: ["recordings.yaml", "alerts.yaml", "alerts-calendar.yaml", "slo.yaml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: alertmanagers }] }] },
  };
  const items = jobs.map(({ comment, config }) => {
    const lines = comment.map((line) => `  # ${line}\n`).join("");
    return `${lines}${yaml([config]).replaceAll(/^(?=.)/gm, "  ")}`;
  });
  return [
    `# ${use}. Written by telltale ops.`,
    "#",
    "# Exemplars need the flag --enable-feature=exemplar-storage. The retention has to be longer",
    "# than the period of the objectives: --storage.tsdb.retention.time=35d.",
    "",
    yaml(head),
    `scrape_configs:\n${items.join("\n")}`,
  ].join("\n");
}

function yaml(content: object): string {
  return stringify(content, { lineWidth: 0, aliasDuplicateObjects: false });
}
