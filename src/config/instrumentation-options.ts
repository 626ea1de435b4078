import { flag, integer, type ValueType, names } from "./value-types.ts";

/** An option of an instrumentation that a variable sets. */
export interface InstrumentationOption {
  /** The instrumentation's short name. */
  readonly instrumentation: string;
  /** As the instrumentation itself calls it. */
  readonly option: string;
  readonly valueType: ValueType<unknown>;
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
export function variableNameOf({ instrumentation, option, name }: InstrumentationOption): string {
  return name ?? `OTEL_INSTRUMENTATION_${constantCase(instrumentation)}_${constantCase(option)}`;
}

function constantCase(name: string): string {
  return name
    .replace(/[a-z](?=[A-Z])/g, "$&_")
    .replace(/\W/g, "_")
    .toUpperCase();
}

export const optionDefinitions: readonly InstrumentationOption[] = [
  {
    instrumentation: "aws-lambda",
    option: "useGlobalPropagatorForSqsExtraction",
    valueType: flag,
    default: "false",
    doc: "Messages of SQS are read with `OTEL_PROPAGATORS`, not with X-Ray's header alone.",
  },
  {
    instrumentation: "aws-sdk",
    option: "suppressInternalInstrumentation",
    valueType: flag,
    default: "false",
    doc: "No spans of the HTTP requests beneath.",
  },
  {
    instrumentation: "aws-sdk",
    option: "sqsExtractContextPropagationFromPayload",
    valueType: flag,
    default: "false",
    doc: "The trace is looked for in the bodies of SQS messages as well (SNS without raw delivery).",
  },
  {
    instrumentation: "cassandra-driver",
    option: "enhancedDatabaseReporting",
    valueType: flag,
    default: "false",
    doc: "Spans have the statement with its values.",
  },
  {
    instrumentation: "cassandra-driver",
    option: "maxQueryLength",
    valueType: integer(1),
    default: "65536",
    doc: "Characters of a statement; longer ones are cut.",
  },
  {
    instrumentation: "dataloader",
    option: "requireParentSpan",
    valueType: flag,
    default: "false",
    doc: "No span where there is none around it.",
  },
  {
    instrumentation: "dns",
    option: "enabled",
    valueType: flag,
    default: "false",
    doc: "Spans of `dns.lookup`.",
  },
  {
    instrumentation: "dns",
    option: "ignoreHostnames",
    valueType: names,
    default: "none",
    doc: "Host names without a span.",
  },
  {
    instrumentation: "fs",
    option: "enabled",
    valueType: flag,
    default: "false",
    doc: "Spans of file operations.",
  },
  {
    instrumentation: "fs",
    option: "requireParentSpan",
    valueType: flag,
    default: "false",
    doc: "No span where there is none around it.",
  },
  {
    instrumentation: "graphql",
    option: "spans",
    valueType: flag,
    default: "false",
    doc: "Spans of parsing, validation, execution and resolvers (GraphQL.js 16).",
  },
  {
    instrumentation: "grpc",
    option: "ignoreGrpcMethods",
    valueType: names,
    default: "none",
    doc: "Methods that are called without a client span.",
  },
  {
    instrumentation: "memcached",
    option: "enhancedDatabaseReporting",
    valueType: flag,
    default: "false",
    doc: "Spans have the command with its key.",
  },
  {
    instrumentation: "mysql",
    option: "enhancedDatabaseReporting",
    valueType: flag,
    default: "false",
    doc: "Spans have the values of statements.",
  },
  {
    instrumentation: "net",
    option: "enabled",
    valueType: flag,
    default: "false",
    doc: "Spans of connections that are made.",
  },
  {
    instrumentation: "openai",
    option: "captureMessageContent",
    valueType: flag,
    default: "false",
    doc: "Prompts and answers are recorded.",
    name: "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
  },
  {
    instrumentation: "oracledb",
    option: "enhancedDatabaseReporting",
    valueType: flag,
    default: "false",
    doc: "Spans have the values of statements.",
  },
  {
    instrumentation: "oracledb",
    option: "requireParentSpan",
    valueType: flag,
    default: "false",
    doc: "No span where there is none around it.",
  },
  {
    instrumentation: "pg",
    option: "addSqlCommenterCommentToQueries",
    valueType: flag,
    default: "false",
    doc: "Statements carry the trace to the server, in a comment.",
  },
  {
    instrumentation: "pg",
    option: "requireParentSpan",
    valueType: flag,
    default: "false",
    doc: "No span where there is none around it.",
  },
  {
    instrumentation: "socket.io",
    option: "messages",
    valueType: flag,
    default: "false",
    doc: "Each event that comes in is a trace of its own (Socket.IO 4).",
  },
  {
    instrumentation: "tedious",
    option: "enableTraceContextPropagation",
    valueType: flag,
    default: "false",
    doc: "Connections carry the trace to the server, in their context info.",
  },
  {
    instrumentation: "ws",
    option: "messages",
    valueType: flag,
    default: "false",
    doc: "Each message that comes in is a trace of its own.",
  },
];
