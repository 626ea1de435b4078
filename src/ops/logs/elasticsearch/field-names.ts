/** A field of lines, as a path, and its name in the Elastic Common Schema (ECS). */
export interface EcsField {
  readonly from: readonly string[];
  readonly to: string;
}

/** Kibana links lines, traces and services by these names. */
export const ecsFields: readonly EcsField[] = [
  { from: ["message"], to: "message" },
  { from: ["service"], to: "service.name" },
  { from: ["environment"], to: "service.environment" },
  { from: ["logger"], to: "log.logger" },
  { from: ["trace_id"], to: "trace.id" },
  { from: ["span_id"], to: "span.id" },
  { from: ["request_id"], to: "http.request.id" },
  { from: ["user_id"], to: "user.id" },
  { from: ["organization_id"], to: "organization.id" },
  // In files, a name with a dot.
  { from: ["exception.type"], to: "error.type" },
  { from: ["exception.message"], to: "error.message" },
  { from: ["exception.stacktrace"], to: "error.stack_trace" },
  // telltale/logger on stdout.
  { from: ["error", "name"], to: "error.type" },
  { from: ["error", "message"], to: "error.message" },
  { from: ["error", "stack"], to: "error.stack_trace" },
  // pino on stdout.
  { from: ["msg"], to: "message" },
  { from: ["err", "type"], to: "error.type" },
  { from: ["err", "message"], to: "error.message" },
  { from: ["err", "stack"], to: "error.stack_trace" },
];

/** The name of the ingest pipeline, of the template and of the policy. */
export const ELASTICSEARCH_NAME = "telltale";

/** The data stream that all pipelines write to. */
export const DATA_STREAM = "logs-telltale-default";
