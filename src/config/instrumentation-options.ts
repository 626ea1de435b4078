import * as types from "./value-types.ts";

/** An option of an instrumentation that a variable sets. */
export interface InstrumentationOption {
  /** The instrumentation's short name. */
  readonly instrumentation: string;
  /** The instrumentation's own name of the option. */
  readonly option: string;
  readonly valueType: types.ValueType<unknown>;
  readonly default: string;
  readonly doc: string;
  /** The variable's name, if it is an established one. */
  readonly name?: string;
}

/**
 * Returns the name of an option's variable, such as
 * `OTEL_INSTRUMENTATION_AWS_SDK_SUPPRESS_INTERNAL_INSTRUMENTATION` for the option
 * `suppressInternalInstrumentation` of `aws-sdk`. OpenTelemetry uses such names in
 * other languages. Options that are functions or objects have no variable.
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
    valueType: types.flag,
    default: "false",
    doc: "Extracts the context of SQS messages with `OTEL_PROPAGATORS` instead of the X-Ray header only.",
  },
  {
    instrumentation: "aws-sdk",
    option: "suppressInternalInstrumentation",
    valueType: types.flag,
    default: "false",
    doc: "Suppresses the spans of the underlying HTTP requests.",
  },
  {
    instrumentation: "aws-sdk",
    option: "sqsExtractContextPropagationFromPayload",
    valueType: types.flag,
    default: "false",
    doc: "Also extracts the context from the body of SQS messages (SNS without raw delivery).",
  },
  {
    instrumentation: "cassandra-driver",
    option: "enhancedDatabaseReporting",
    valueType: types.flag,
    default: "false",
    doc: "Records the values of a statement on its span.",
  },
  {
    instrumentation: "cassandra-driver",
    option: "maxQueryLength",
    valueType: types.integer(1),
    default: "65536",
    doc: "Maximum length of a recorded statement, in characters; longer ones are truncated.",
  },
  {
    instrumentation: "dataloader",
    option: "requireParentSpan",
    valueType: types.flag,
    default: "false",
    doc: "Creates a span only if there is a parent span.",
  },
  {
    instrumentation: "dns",
    option: "enabled",
    valueType: types.flag,
    default: "false",
    doc: "Enables spans for `dns.lookup`.",
  },
  {
    instrumentation: "dns",
    option: "ignoreHostnames",
    valueType: types.names,
    default: "none",
    doc: "Host names for which no span is created.",
  },
  {
    instrumentation: "fs",
    option: "enabled",
    valueType: types.flag,
    default: "false",
    doc: "Enables spans for file operations.",
  },
  {
    instrumentation: "fs",
    option: "requireParentSpan",
    valueType: types.flag,
    default: "false",
    doc: "Creates a span only if there is a parent span.",
  },
  {
    instrumentation: "graphql",
    option: "spans",
    valueType: types.flag,
    default: "false",
    doc: "Enables spans for parsing, validation, execution and resolvers (GraphQL.js 16).",
  },
  {
    instrumentation: "grpc",
    option: "ignoreGrpcMethods",
    valueType: types.names,
    default: "none",
    doc: "Methods for which no client span is created.",
  },
  {
    instrumentation: "memcached",
    option: "enhancedDatabaseReporting",
    valueType: types.flag,
    default: "false",
    doc: "Records the command with its key on the span.",
  },
  {
    instrumentation: "mysql",
    option: "enhancedDatabaseReporting",
    valueType: types.flag,
    default: "false",
    doc: "Records the values of a statement on its span.",
  },
  {
    instrumentation: "net",
    option: "enabled",
    valueType: types.flag,
    default: "false",
    doc: "Enables spans for outgoing connections.",
  },
  {
    instrumentation: "openai",
    option: "captureMessageContent",
    valueType: types.flag,
    default: "false",
    doc: "Records prompts and completions.",
    name: "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
  },
  {
    instrumentation: "oracledb",
    option: "enhancedDatabaseReporting",
    valueType: types.flag,
    default: "false",
    doc: "Records the values of a statement on its span.",
  },
  {
    instrumentation: "oracledb",
    option: "requireParentSpan",
    valueType: types.flag,
    default: "false",
    doc: "Creates a span only if there is a parent span.",
  },
  {
    instrumentation: "pg",
    option: "addSqlCommenterCommentToQueries",
    valueType: types.flag,
    default: "false",
    doc: "Adds the trace context to statements as a comment.",
  },
  {
    instrumentation: "pg",
    option: "requireParentSpan",
    valueType: types.flag,
    default: "false",
    doc: "Creates a span only if there is a parent span.",
  },
  {
    instrumentation: "socket.io",
    option: "messages",
    valueType: types.flag,
    default: "false",
    doc: "Starts a new trace for each incoming event (Socket.IO 4).",
  },
  {
    instrumentation: "tedious",
    option: "enableTraceContextPropagation",
    valueType: types.flag,
    default: "false",
    doc: "Sends the trace context to the server in the connection's context info.",
  },
  {
    instrumentation: "ws",
    option: "messages",
    valueType: types.flag,
    default: "false",
    doc: "Starts a new trace for each incoming message.",
  },
];
