/** The used part of a parsed document of GraphQL.js. */
export interface OperationDocument {
  readonly definitions?: readonly Definition[];
  readonly loc?: { readonly source?: { readonly body?: string } };
}

interface Definition {
  readonly kind?: string;
  readonly operation?: string;
  readonly name?: { readonly value?: string };
}

export interface GraphqlOperation {
  /** `query`, `mutation` or `subscription`. */
  readonly type: string;
  readonly name: string | undefined;
}

/**
 * Returns the operation of a document that is executed, undefined if it is
 * ambiguous. Its name is chosen by the client; its type is one of three.
 */
export function graphqlOperation(
  document: OperationDocument | undefined,
  operationName: string | null | undefined,
): GraphqlOperation | undefined {
  const operations = (document?.definitions ?? []).filter(
    ({ kind, name }) =>
      kind === "OperationDefinition" &&
      (operationName === undefined || operationName === null || name?.value === operationName),
  );
  const [operation] = operations;
  if (operations.length !== 1 || operation?.operation === undefined) return undefined;
  return { type: operation.operation, name: operation.name?.value };
}

/** Texts of parsed documents, which servers cache. */
const documents = new WeakMap<object, string>();

/** Longer documents are cut. */
const MAX_LENGTH = 4_096;

/**
 * Tokens of GraphQL: comments, block strings, strings, names, numbers, white
 * space, and any other character.
 * https://spec.graphql.org/October2021/#sec-Language.Lexical-Tokens
 */
const TOKENS =
  /#[^\n\r]*|"""(?:\\"""|[^])*?(?:"""|$)|"(?:\\.|[^"\\\n\r])*"?|[_A-Za-z]\w*|-?\d[\d.eE+-]*|\s+|[^]/g;

/** Returns the text of a document without comments and literals, undefined if the parser kept none. */
export function sanitizedDocument(document: OperationDocument | undefined): string | undefined {
  const body = document?.loc?.source?.body;
  if (document === undefined || typeof body !== "string") return undefined;
  const known = documents.get(document);
  if (known !== undefined) return known;
  const text = body.replace(TOKENS, maskLiteral).replaceAll(/ +/g, " ").trim();
  const cut = text.slice(0, MAX_LENGTH);
  documents.set(document, cut);
  return cut;
}

function maskLiteral(token: string): string {
  if (/^[\s#]/.test(token)) return " ";
  return /^["\d-]/.test(token) ? "?" : token;
}

interface ExecutionError {
  readonly path?: readonly unknown[];
  readonly originalError?: unknown;
  readonly extensions?: { readonly code?: unknown; readonly http?: { readonly status?: unknown } };
}

/**
 * Returns the server's errors in a result: those that resolvers threw, each once.
 * Errors from before any resolver ran (they have no path) are not the server's,
 * nor is a `GraphQLError` that was thrown deliberately, unless its code is
 * `INTERNAL_SERVER_ERROR`, nor an error with a status below 500.
 */
export function serverErrorsIn(result: unknown): ReadonlySet<unknown> {
  const { errors, initialResult } = (result ?? {}) as {
    readonly errors?: readonly ExecutionError[];
    readonly initialResult?: { readonly errors?: readonly ExecutionError[] };
  };
  const failures = new Set<unknown>();
  for (const error of errors ?? initialResult?.errors ?? []) {
    if (error.path === undefined) continue;
    const cause = causeOf(error);
    if (isServerError(cause)) failures.add(cause);
  }
  return failures;
}

/** Unwraps the thrown error: GraphQL.js wraps it, across realms twice. */
function causeOf(error: ExecutionError): unknown {
  let cause: unknown = error;
  for (let depth = 0; depth < 5; depth++) {
    const { originalError } = (cause ?? {}) as ExecutionError;
    if (originalError === undefined || originalError === null) break;
    cause = originalError;
  }
  return cause;
}

/** An error whose properties can't be read is unexpected. */
function isServerError(cause: unknown): boolean {
  try {
    return isUnexpectedError(cause);
  } catch {
    return true;
  }
}

function isUnexpectedError(cause: unknown): boolean {
  if (typeof cause !== "object" || cause === null) return true;
  const { name, extensions } = cause as Error & ExecutionError;
  const status = statusOf(cause);
  if (status !== undefined) return status >= 500;
  const code = extensions?.code;
  if (code !== undefined) return code === "INTERNAL_SERVER_ERROR";
  return name !== "GraphQLError";
}

function statusOf(cause: object): number | undefined {
  const { status, statusCode, extensions } = cause as {
    readonly status?: unknown;
    readonly statusCode?: unknown;
    readonly extensions?: ExecutionError["extensions"];
  };
  const given = extensions?.http?.status ?? statusCode ?? status;
  return typeof given === "number" ? given : undefined;
}
