/*
 * JSON-RPC 2.0 as the Model Context Protocol uses it over stdio: one message a line. Only
 * what a server of tools needs is here, by hand, since the official package brings 94
 * others, of which stdio needs none.
 */

export type JsonObject = Readonly<Record<string, unknown>>;

type Id = string | number;

/** A request, or a notification, which has no id and gets no response. */
export interface RpcMessage {
  readonly id: Id | undefined;
  readonly method: string;
  readonly params: JsonObject;
}

/** Error codes of JSON-RPC. */
export const RPC_ERRORS = {
  parse: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
} as const;

/** An error that is the response to a request. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Handles a request or notification. The result of a notification is ignored. */
export type RpcHandler = (message: RpcMessage) => Promise<JsonObject> | JsonObject;

/** Longer messages are refused: arguments of tools have a few words. */
const MAX_MESSAGE = 1_000_000;

/**
 * Returns the response to one line, as one line without its end; undefined for a
 * notification, for a response, or for an empty line.
 */
export async function respondToLine(line: string, handle: RpcHandler): Promise<string | undefined> {
  if (line.trim() === "") return undefined;
  const parsed = parseJson(line);
  if (parsed === undefined) return failure(null, new RpcError(RPC_ERRORS.parse, "no valid JSON"));
  if (!Array.isArray(parsed)) return respond(parsed, handle);
  // Batches are part of 2025-03-26 only.
  if (parsed.length === 0) return failure(null, invalid("an empty batch"));
  const responses = await Promise.all(parsed.map((one) => respond(one, handle)));
  const sent = responses.filter((one) => one !== undefined);
  return sent.length === 0 ? undefined : `[${sent.join(",")}]`;
}

function parseJson(line: string): unknown {
  if (line.length > MAX_MESSAGE) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function respond(value: unknown, handle: RpcHandler): Promise<string | undefined> {
  if (isResponse(value)) return undefined;
  const message = messageOf(value);
  if (message === undefined) return failure(idOf(value), invalid("no request of JSON-RPC 2.0"));
  try {
    const result = await handle(message);
    if (message.id === undefined) return undefined;
    return JSON.stringify({ jsonrpc: "2.0", id: message.id, result });
  } catch (error) {
    return message.id === undefined ? undefined : failure(message.id, error);
  }
}

function isResponse(value: unknown): boolean {
  return isObject(value) && !("method" in value) && ("result" in value || "error" in value);
}

function messageOf(value: unknown): RpcMessage | undefined {
  if (!isObject(value) || value["jsonrpc"] !== "2.0") return undefined;
  const { id, method, params = {} } = value;
  if (typeof method !== "string" || !isObject(params)) return undefined;
  if (id !== undefined && typeof id !== "string" && typeof id !== "number") return undefined;
  return { id, method, params };
}

function idOf(value: unknown): Id | null {
  const id = isObject(value) ? value["id"] : undefined;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

function invalid(what: string): RpcError {
  return new RpcError(RPC_ERRORS.invalidRequest, what);
}

function failure(id: Id | null, error: unknown): string {
  const code = error instanceof RpcError ? error.code : RPC_ERRORS.internal;
  const message = error instanceof Error ? error.message : String(error);
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } });
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
