import { writtenNames } from "../level.ts";
import { logFilePaths } from "../line.ts";
import type { LogOptions } from "../../options/log-options.ts";
import type { OutputFile } from "../../output-file.ts";
import { type LogAlert, logAlerts } from "../log-alert.ts";
import { comment, indent, quote } from "../text.ts";

/** Returns the configuration of the CloudWatch agent, and metric filters with alarms. */
export function cloudWatchFiles(options: LogOptions): readonly OutputFile[] {
  return [
    { path: "logs/cloudwatch/agent.json", text: agent(options) },
    { path: "logs/cloudwatch/docker-compose.yaml", text: compose(options) },
    { path: "logs/cloudwatch/alarms.yaml", text: alarms(options) },
  ];
}

/** JSON has no comments: docs/log-pipelines.md explains it. */
function agent({ folders, logGroup, retentionDays }: LogOptions): string {
  const collected = logFilePaths(folders).map((path) => ({
    // Exact names: of the files that match a pattern, the agent reads the newest only.
    file_path: path,
    log_group_name: logGroup,
    log_stream_name: `{hostname}${path}`,
    timestamp_format: "%Y-%m-%dT%H:%M:%S.%f",
    timezone: "UTC",
    retention_in_days: retentionDays,
  }));
  const content = {
    agent: { run_as_user: "root" },
    logs: { logs_collected: { files: { collect_list: collected } }, force_flush_interval: 5 },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function compose({ logGroup }: LogOptions): string {
  return `# Docker's driver awslogs, for each service of a Compose file: merge it with
#   docker compose -f compose.yaml -f docker-compose.yaml up
# In ECS, the same options are those of logConfiguration. In Kubernetes, use
# logs/fluent-bit/kubernetes.yaml with to-cloudwatch.yaml.
x-logging: &telltale
  driver: awslogs
  options:
    awslogs-region: \${AWS_REGION}
    awslogs-group: ${quote(logGroup)}
    tag: "{{.Name}}/{{.ID}}"
    # The app goes on while CloudWatch does not answer; lines beyond 4 MB are lost then.
    mode: non-blocking
    max-buffer-size: 4m

services:
  app:
    logging: *telltale
    environment:
      # The lines on stdout are sent: not a second time by OTLP.
      OTEL_LOGS_EXPORTER: none
`;
}

function alarms(options: LogOptions): string {
  const alerts = logAlerts(options);
  return `${comment(alarmHeader)}
AWSTemplateFormatVersion: "2010-09-09"
Description: Alarms on the lines of telltale

Parameters:
  LogGroup:
    Type: String
    Default: ${quote(options.logGroup)}
  Service:
    Type: String
    Default: telltale
    Description: Namespace of the metrics, and the beginning of the names of alarms
  Topic:
    Type: String
    Description: ARN of the SNS topic that gets the alarms

Resources:
${indent(alerts.map(renderAlarm).join("\n\n"), 2)}
`;
}

const alarmHeader = [
  "Metric filters and alarms, for CloudFormation:",
  "  aws cloudformation deploy --stack-name telltale-logs --template-file alarms.yaml \\",
  "    --parameter-overrides Topic=ARN",
  "The log group has to be there. Filters count all services in it: use a group for each service",
  "that is to have alarms of its own.",
];

function renderAlarm(alert: LogAlert): string {
  const isSilence = alert.threshold === undefined;
  return `${alert.name}Filter:
  Type: AWS::Logs::MetricFilter
  Properties:
    LogGroupName: {Ref: LogGroup}
    FilterPattern: ${quote(patternOf(alert))}
    MetricTransformations:
      - MetricNamespace: {Ref: Service}
        MetricName: ${metricOf(alert)}
        MetricValue: "1"
        DefaultValue: 0
        Unit: Count

${comment(alert.comment)}
${alert.name}:
  Type: AWS::CloudWatch::Alarm
  DependsOn: ${alert.name}Filter
  Properties:
    AlarmName: {"Fn::Sub": "\${Service}-${alert.name}"}
    AlarmDescription: ${quote(`${alert.summary.replace("SERVICE", "A service")}. ${alert.description}`)}
    Namespace: {Ref: Service}
    MetricName: ${metricOf(alert)}
    Statistic: Sum
    Period: ${alert.minutes * 60}
    EvaluationPeriods: 1
    ComparisonOperator: ${isSilence ? "LessThanThreshold" : "GreaterThanThreshold"}
    Threshold: ${isSilence ? 1 : alert.threshold}
    # Without lines there is no value.
    TreatMissingData: ${isSilence ? "breaching" : "notBreaching"}
    AlarmActions: [{Ref: Topic}]
    OKActions: [{Ref: Topic}]`;
}

function metricOf({ name }: LogAlert): string {
  return `${name}Count`;
}

/** Selects lines of JSON; of other lines, such as those of a crash, no field is known. */
function patternOf({ name }: LogAlert): string {
  switch (name) {
    case "TooManyErrorLines":
      return `{ ${anyLevel(writtenNames("fatal", "error"), 50)} }`;
    case "FatalLine":
      return `{ ${anyLevel(writtenNames("fatal"), 60)} }`;
    case "TooManySecurityEvents":
      return `{ ($.logger = "telltale/security") && (${anyLevel(writtenNames("fatal", "error", "warn"), 40)}) }`;
    case "NoLogLines":
      // All lines.
      return "";
  }
}

/**
 * @param number the lowest level of pino. `pino`'s lines on stdout have numbers, which no
 * pattern of texts matches.
 */
function anyLevel(names: readonly string[], number: number): string {
  const texts = names.filter((name) => !/^\d+$/.test(name));
  return [...texts.map((name) => `($.level = "${name}")`), `($.level >= ${number})`].join(" || ");
}
