import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { failuresOf, isClientError, isDisconnectError } from "../../context/failures.ts";
import { errorTypeOf } from "../../context/error-type.ts";
import { type ResponseAbort, ABORTED_BY_CLIENT, type HttpServerRequest } from "./server-request.ts";

/**
 * Who has ended the connection before the end of a response: the app, which has
 * destroyed one or the other, or the client. Without a response, as with an
 * upgrade, to destroy the socket is how apps refuse.
 */
export function responseAbortOf(
  unit: HttpServerRequest,
  response: StreamState | undefined,
  socket: StreamState,
): ResponseAbort {
  if (response !== undefined) abortedResponses.set(unit, new WeakRef(response));
  if (socket.readableEnded === true || isClientConnectionError(socket.errored))
    return ABORTED_BY_CLIENT;
  const error = response?.errored ?? socket.errored ?? undefined;
  if (error !== undefined) return { by: "server", error };
  const isRefused = response === undefined || response === socket;
  // Where all was said, the connection closed before all of it was sent.
  return isRefused || response.writableEnded === true ? ABORTED_BY_CLIENT : { by: "server" };
}

/** What is read of a response and of a socket; what an app emits by hand may be anything. */
type StreamState = Partial<
  Pick<Socket, "errored" | "readableEnded" | "writableEnded"> & Pick<ServerResponse, "statusCode">
>;

/** Of the requests whose connection was lost. */
const abortedResponses = new WeakMap<HttpServerRequest, WeakRef<StreamState>>();

/**
 * Tells of an error that came after the client had left, unless the app's error
 * handlers now find that it was the client's fault, though they can't say so.
 */
export function reportUnlessHandled(
  unit: HttpServerRequest,
  error: unknown,
  report: () => void,
): void {
  if (isDisconnectError(error)) return;
  const statusBefore = abortedStatusOf(unit);
  setImmediate(() => {
    const status = abortedStatusOf(unit);
    if (status === statusBefore || status < 400 || status >= 500) report();
  });
}

/** What the app has set by now; 0 if nobody can tell. */
function abortedStatusOf(unit: HttpServerRequest): number {
  try {
    return abortedResponses.get(unit)?.deref()?.statusCode ?? 0;
  } catch {
    return 0;
  }
}

/** What the network says of a peer that is gone, and Node of one that it gives up: too slow, or no HTTP. */
function isClientConnectionError(error: Error | null | undefined): boolean {
  if (error === null || error === undefined) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === "read" || syscall === "write" || syscall === "shutdown") return true;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" || code?.startsWith("HPE_") === true;
}

/** Decides, at its end, of what a request has failed. Only for those where there is something to decide. */
export function settleFailure(unit: HttpServerRequest): void {
  const { abort } = unit;
  if (abort?.by === "client") ignoreDisconnectErrors(unit);
  if (abort?.by === "server") recordAbortError(unit, abort);
  if (unit.hasServerErrorStatus) return;
  const [first] = failuresOf(unit);
  if (first !== undefined) unit.errorType = unit.rpc?.errorType ?? errorTypeOf(first);
  else if (unit.rpc?.errorType !== undefined) unit.errorType = unit.rpc.errorType;
  else if (abort?.by === "server") unit.errorType = "_OTHER";
}

/** A client that leaves is no failure; what else went wrong is one, though no response could tell it. */
function ignoreDisconnectErrors(unit: HttpServerRequest): void {
  const { error, statusCode } = unit;
  unit.failures = unit.failures?.filter((one) => !isDisconnectError(one));
  if (statusCode !== undefined || error === undefined) return;
  if (!isDisconnectError(error) && !isClientError(error)) addFailure(unit, error);
}

/** Of several errors on the way to the end of a response the framework's is the better one. */
function recordAbortError(unit: HttpServerRequest, { error }: ResponseAbort): void {
  if (unit.failures !== undefined && unit.failures.length > 0) return;
  const reason = unit.statusCode === undefined ? (unit.error ?? error) : error;
  if (reason !== undefined && reason !== unit.error) addFailure(unit, reason);
  else if (reason !== undefined && unit.statusCode === undefined) addFailure(unit, reason);
}

/** The entry has ended: what it is told now would be late. */
function addFailure(unit: HttpServerRequest, error: unknown): void {
  unit.failures = [...(unit.failures ?? []), error];
}
