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
