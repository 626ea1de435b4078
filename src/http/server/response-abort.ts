import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { failuresOf, isClientError, isDisconnectError } from "../../context/failures.ts";
import { errorTypeOf } from "../../context/error-type.ts";
import { type ResponseAbort, ABORTED_BY_CLIENT, type HttpServerRequest } from "./server-request.ts";

/**
 * Returns which side closed the connection before the end of a response: the app,
 * which has destroyed the response or the socket, or the client. Where there is no
 * response, as with an upgrade, destroying the socket is the usual way to refuse.
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
  // A response that was ended had been handed over: the connection closed before all of it was sent.
  return isRefused || response.writableEnded === true ? ABORTED_BY_CLIENT : { by: "server" };
}

/** Members that are read of a response and of a socket; an app may emit any object. */
type StreamState = Partial<
  Pick<Socket, "errored" | "readableEnded" | "writableEnded"> & Pick<ServerResponse, "statusCode">
>;

/** Responses of the requests whose connection was closed. */
const abortedResponses = new WeakMap<HttpServerRequest, WeakRef<StreamState>>();

/**
 * Reports an error that occurred after the client had disconnected, unless the
 * app's error handlers now set a status of the 400s, which they can't send.
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

/** Returns the status that the app has set by now; 0 if it is unknown. */
function abortedStatusOf(unit: HttpServerRequest): number {
  try {
    return abortedResponses.get(unit)?.deref()?.statusCode ?? 0;
  } catch {
    return 0;
  }
}

/** Whether an error is that of a disconnected client, or of one that Node rejects: too slow, or no HTTP. */
function isClientConnectionError(error: Error | null | undefined): boolean {
  if (error === null || error === undefined) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === "read" || syscall === "write" || syscall === "shutdown") return true;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" || code?.startsWith("HPE_") === true;
}

/** Decides, at its end, whether and of what a request has failed. Only for requests with failure information. */
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

/** Removes errors of the disconnect, which is no failure; other errors are, though no response reports them. */
function ignoreDisconnectErrors(unit: HttpServerRequest): void {
  const { error, statusCode } = unit;
  unit.failures = unit.failures?.filter((one) => !isDisconnectError(one));
  if (statusCode !== undefined || error === undefined) return;
  if (!isDisconnectError(error) && !isClientError(error)) addFailure(unit, error);
}

/** Records why the response was aborted; an error that a framework has recorded takes precedence. */
function recordAbortError(unit: HttpServerRequest, { error }: ResponseAbort): void {
  if (unit.failures !== undefined && unit.failures.length > 0) return;
  const reason = unit.statusCode === undefined ? (unit.error ?? error) : error;
  if (reason !== undefined && reason !== unit.error) addFailure(unit, reason);
  else if (reason !== undefined && unit.statusCode === undefined) addFailure(unit, reason);
}

/** Adds a failure; `recordFailure` would take it for a late one, since the unit of work has ended. */
function addFailure(unit: HttpServerRequest, error: unknown): void {
  unit.failures = [...(unit.failures ?? []), error];
}
