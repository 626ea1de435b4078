import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { failuresOf, isClientError, isOfLeaving } from "../context/failures.ts";
import { errorTypeOf } from "./client-call.ts";
import { type Breakage, BY_CLIENT, type RequestEntry } from "./request.ts";

/**
 * Who has ended the connection before the end of a response: the app, which has
 * destroyed one or the other, or the client. Without a response, as with an
 * upgrade, to destroy the socket is how apps refuse.
 */
export function breakageOf(
  entry: RequestEntry,
  response: Ended | undefined,
  socket: Ended,
): Breakage {
  if (response !== undefined) lostResponses.set(entry, new WeakRef(response));
  if (socket.readableEnded === true || isClients(socket.errored)) return BY_CLIENT;
  const error = response?.errored ?? socket.errored ?? undefined;
  if (error !== undefined) return { by: "server", error };
  const isRefused = response === undefined || response === socket;
  // Where all was said, the connection closed before all of it was sent.
  return isRefused || response.writableEnded === true ? BY_CLIENT : { by: "server" };
}

/** What is read of a response and of a socket; what an app emits by hand may be anything. */
type Ended = Partial<
  Pick<Socket, "errored" | "readableEnded" | "writableEnded"> & Pick<ServerResponse, "statusCode">
>;

/** Of the requests whose connection was lost. */
const lostResponses = new WeakMap<RequestEntry, WeakRef<Ended>>();

/**
 * Tells of an error that came after the client had left, unless the app's error
 * handlers now find that it was the client's fault, though they can't say so.
 */
export function tellUnlessHandled(entry: RequestEntry, error: unknown, tell: () => void): void {
  if (isOfLeaving(error)) return;
  const before = lostStatusOf(entry);
  setImmediate(() => {
    const status = lostStatusOf(entry);
    if (status === before || status < 400 || status >= 500) tell();
  });
}

/** What the app has set by now; 0 if nobody can tell. */
function lostStatusOf(entry: RequestEntry): number {
  try {
    return lostResponses.get(entry)?.deref()?.statusCode ?? 0;
  } catch {
    return 0;
  }
}

/** What the network says of a peer that is gone, and Node of one that it gives up: too slow, or no HTTP. */
function isClients(error: Error | null | undefined): boolean {
  if (error === null || error === undefined) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === "read" || syscall === "write" || syscall === "shutdown") return true;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" || code?.startsWith("HPE_") === true;
}

/** Decides, at its end, of what a request has failed. Only for those where there is something to decide. */
export function settle(entry: RequestEntry): void {
  const { breakage } = entry;
  if (breakage?.by === "client") forgiveLeaving(entry);
  if (breakage?.by === "server") noteReason(entry, breakage);
  if (entry.hasFailedStatus) return;
  const [first] = failuresOf(entry);
  if (first !== undefined) entry.errorType = entry.rpc?.errorType ?? errorTypeOf(first);
  else if (entry.rpc?.errorType !== undefined) entry.errorType = entry.rpc.errorType;
  else if (breakage?.by === "server") entry.errorType = "_OTHER";
}

/** A client that leaves is no failure; what else went wrong is one, though no response could tell it. */
function forgiveLeaving(entry: RequestEntry): void {
  const { error, statusCode } = entry;
  entry.failures = entry.failures?.filter((one) => !isOfLeaving(one));
  if (statusCode !== undefined || error === undefined) return;
  if (!isOfLeaving(error) && !isClientError(error)) addFailure(entry, error);
}

/** Of several errors on the way to the end of a response the framework's is the better one. */
function noteReason(entry: RequestEntry, { error }: Breakage): void {
  if (entry.failures !== undefined && entry.failures.length > 0) return;
  const reason = entry.statusCode === undefined ? (entry.error ?? error) : error;
  if (reason !== undefined && reason !== entry.error) addFailure(entry, reason);
  else if (reason !== undefined && entry.statusCode === undefined) addFailure(entry, reason);
}

/** The entry has ended: what it is told now would be late. */
function addFailure(entry: RequestEntry, error: unknown): void {
  entry.failures = [...(entry.failures ?? []), error];
}
