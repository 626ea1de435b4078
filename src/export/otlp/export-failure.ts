import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import { ExportError } from "../connection/deadline-transport.ts";
import type { ExportFailure } from "../connection/export-connection.ts";
import { describeStatus, parseStatusCode } from "../connection/grpc-status.ts";
import { statusAdvice } from "../connection/http.ts";
import { responseForError } from "../connection/network-error.ts";

/** Returns the failure behind an error of the SDK's delegate. */
export function exportFailureOf(error: Error | undefined): ExportFailure {
  if (error instanceof ExportError) return error.failure;
  return {
    source: "peer",
    reason: `they could not be serialised (${excerpt(String(error?.message))})`,
  };
}

/** Parses the reason from the exit worker: the code of an error, or "answered" and a status. */
export function parseExitFailure(reason: string): ExportFailure {
  const [answered, protocol, status = ""] = /^answered (gRPC )?(\S*)/.exec(reason) ?? [];
  if (answered !== undefined) {
    if (protocol !== undefined)
      return { source: "peer", reason: describeStatus(parseStatusCode(status)) };
    const code = Number(status);
    return { source: "peer", reason: excerpt(reason.trimEnd()) + statusAdvice(code) };
  }
  const response = responseForError({ code: reason, message: reason });
  return response.status === "success" ? { source: "network", reason } : response.failure;
}
