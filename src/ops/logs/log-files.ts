import type { OpsOptions } from "../options/ops-options.ts";
import type { OutputFile } from "../output-file.ts";
import { cloudWatchFiles } from "./cloudwatch/cloudwatch.ts";
import { collectorFiles } from "./collector/collector.ts";
import { elastAlertFiles } from "./elasticsearch/elastalert.ts";
import { elasticShipperFiles } from "./elasticsearch/shippers.ts";
import { elasticsearchFiles } from "./elasticsearch/store.ts";
import { fluentBitFiles } from "./fluent-bit/fluent-bit.ts";
import { alloyFiles } from "./loki/alloy.ts";
import { promtailFiles } from "./loki/promtail.ts";
import { lokiRuleFiles } from "./loki/rules.ts";
import { rsyslogFiles } from "./syslog/rsyslog.ts";
import { syslogNgFiles } from "./syslog/syslog-ng.ts";
import { vectorFiles } from "./vector/vector.ts";
import { victoriaLogsRuleFiles } from "./victorialogs/rules.ts";

/** The options that log pipelines are generated from; `team` is a label of the alerts on lines. */
export type LogFilesOptions = Pick<OpsOptions, "team" | "logs">;

/** Returns the configurations of log pipelines, and alerts on lines, below `logs/`. */
export function logFiles({ team, logs }: LogFilesOptions): readonly OutputFile[] {
  return [
    ...alloyFiles(logs),
    ...promtailFiles(logs),
    ...lokiRuleFiles(logs, team),
    ...elasticsearchFiles(logs),
    ...elasticShipperFiles(logs),
    ...elastAlertFiles(logs, team),
    ...fluentBitFiles(logs),
    ...vectorFiles(logs),
    ...cloudWatchFiles(logs),
    ...victoriaLogsRuleFiles(logs, team),
    ...collectorFiles(logs),
    ...rsyslogFiles(logs),
    ...syslogNgFiles(logs),
  ];
}
