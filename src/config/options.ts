import { flag, integer, type Kind, names } from "./kinds.ts";

/** An option of an instrumentation that a variable sets. */
export interface Option {
  /** The instrumentation's short name. */
  readonly of: string;
  /** As the instrumentation itself calls it. */
  readonly option: string;
  readonly kind: Kind<unknown>;
  readonly default: string;
  readonly doc: string;
  /** The variable's name, where there is one already. */
  readonly name?: string;
}

/**
 * `OTEL_INSTRUMENTATION_AWS_SDK_SUPPRESS_INTERNAL_INSTRUMENTATION` for the
 * option `suppressInternalInstrumentation` of `aws-sdk`: the names that
 * OpenTelemetry has in other languages, and for known HTTP methods and GenAI in
 * this one. What is a function or an object can't be had by a variable.
 */
export function variableOf({ of, option, name }: Option): string {
  return name ?? `OTEL_INSTRUMENTATION_${constantCase(of)}_${constantCase(option)}`;
}

function constantCase(name: string): string {
  return name
    .replace(/[a-z](?=[A-Z])/g, "$&_")
    .replace(/\W/g, "_")
    .toUpperCase();
}

export const options: readonly Option[] = [
  {
    of: "aws-lambda",
    option: "useGlobalPropagatorForSqsExtraction",
    kind: flag,
    default: "false",
    doc: "Messages of SQS are read with `OTEL_PROPAGATORS`, not with X-Ray's header alone.",
  },
  {
    of: "aws-sdk",
    option: "suppressInternalInstrumentation",
    kind: flag,
    default: "false",
    doc: "No spans of the HTTP requests beneath.",
  },
  {
    of: "aws-sdk",
    option: "sqsExtractContextPropagationFromPayload",
    kind: flag,
    default: "false",
    doc: "The trace is looked for in the bodies of SQS messages as well (SNS without raw delivery).",
  },
  {
    of: "cassandra-driver",
    option: "enhancedDatabaseReporting",
    kind: flag,
    default: "false",
    doc: "Spans have the statement with its values.",
  },
  {
    of: "cassandra-driver",
    option: "maxQueryLength",
    kind: integer(1),
    default: "65536",
    doc: "Characters of a statement; longer ones are cut.",
  },
  {
    of: "dataloader",
    option: "requireParentSpan",
    kind: flag,
    default: "false",
    doc: "No span where there is none around it.",
  },
  {
    of: "dns",
    option: "enabled",
    kind: flag,
    default: "false",
    doc: "Spans of `dns.lookup`.",
  },
  {
    of: "dns",
    option: "ignoreHostnames",
    kind: names,
    default: "none",
    doc: "Host names without a span.",
  },
  {
    of: "fs",
    option: "enabled",
    kind: flag,
    default: "false",
    doc: "Spans of file operations.",
  },
  {
    of: "fs",
    option: "requireParentSpan",
    kind: flag,
    default: "false",
    doc: "No span where there is none around it.",
  },
  {
    of: "graphql",
    option: "spans",
    kind: flag,
    default: "false",
    doc: "Spans of parsing, validation, execution and resolvers (GraphQL.js 16).",
  },
  {
    of: "grpc",
    option: "ignoreGrpcMethods",
    kind: names,
    default: "none",
    doc: "Methods that are called without a client span.",
  },
  {
    of: "memcached",
    option: "enhancedDatabaseReporting",
    kind: flag,
    default: "false",
    doc: "Spans have the command with its key.",
  },
  {
    of: "mysql",
    option: "enhancedDatabaseReporting",
    kind: flag,
    default: "false",
    doc: "Spans have the values of statements.",
  },
  {
    of: "net",
    option: "enabled",
    kind: flag,
    default: "false",
    doc: "Spans of connections that are made.",
  },
  {
    of: "openai",
    option: "captureMessageContent",
    kind: flag,
    default: "false",
    doc: "Prompts and answers are recorded.",
    name: "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
  },
  {
    of: "oracledb",
    option: "enhancedDatabaseReporting",
    kind: flag,
    default: "false",
    doc: "Spans have the values of statements.",
  },
  {
    of: "oracledb",
    option: "requireParentSpan",
    kind: flag,
    default: "false",
    doc: "No span where there is none around it.",
  },
  {
    of: "pg",
    option: "addSqlCommenterCommentToQueries",
    kind: flag,
    default: "false",
    doc: "Statements carry the trace to the server, in a comment.",
  },
  {
    of: "pg",
    option: "requireParentSpan",
    kind: flag,
    default: "false",
    doc: "No span where there is none around it.",
  },
  {
    of: "socket.io",
    option: "messages",
    kind: flag,
    default: "false",
    doc: "Each event that comes in is a trace of its own (Socket.IO 4).",
  },
  {
    of: "tedious",
    option: "enableTraceContextPropagation",
    kind: flag,
    default: "false",
    doc: "Connections carry the trace to the server, in their context info.",
  },
  {
    of: "ws",
    option: "messages",
    kind: flag,
    default: "false",
    doc: "Each message that comes in is a trace of its own.",
  },
];
