import { alertmanagerFiles } from "./alertmanager/alertmanager-files.ts";
import { alertFiles } from "./alerts/alert-files.ts";
import { blackboxFiles } from "./blackbox/blackbox-files.ts";
import { grafanaFiles } from "./grafana/grafana-files.ts";
import { kubernetesFiles } from "./kubernetes/kubernetes-files.ts";
import { logFiles } from "./logs/log-files.ts";
import type { OpsOptions } from "./options/ops-options.ts";
import type { OutputFile } from "./output-file.ts";
import { prometheusFiles } from "./prometheus/prometheus-files.ts";
import { recordingFiles } from "./prometheus/recordings.ts";
import { runbookFiles } from "./runbooks/runbook-files.ts";
import { sloFiles } from "./slo/slo-files.ts";
import { alertTestFiles } from "./tests/alert-test-files.ts";
import { recordingTestFiles } from "./tests/recording-test-files.ts";

/** The generators, one for each part of the output folder. */
const parts: readonly ((options: OpsOptions) => readonly OutputFile[])[] = [
  prometheusFiles,
  recordingFiles,
  alertFiles,
  sloFiles,
  alertmanagerFiles,
  blackboxFiles,
  kubernetesFiles,
  grafanaFiles,
  logFiles,
  runbookFiles,
  alertTestFiles,
  recordingTestFiles,
];

/** Returns all files of the output folder, by their path. The same options give the same files. */
export function generateFiles(options: OpsOptions): readonly OutputFile[] {
  const files = parts.flatMap((part) => part(options));
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
