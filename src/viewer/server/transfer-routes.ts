import type { OtlpSignal } from "../../otlp/decode.ts";
import type { JsonObject } from "../../otlp/protobuf.ts";
import { version } from "../../version.ts";
import { ExportSizeError } from "../store/items/otlp-export.ts";
import { found, get, okReply } from "./list-routes.ts";
import { profilesOf } from "./profile-routes.ts";
import { oneOf, readFilter, required } from "./query-reader.ts";
import { MAX_BODY_BYTES, readJson } from "./request-body.ts";
import { RequestError } from "./request-error.ts";
import type { Route } from "./route.ts";

const SIGNALS = ["traces", "logs", "metrics"] as const;

/** Export and import as OTLP JSON, and one request as a file with the page. */
export const transferRoutes: readonly Route[] = [
  get("/api/requests/:id/export", ({ parameters }, { store }) =>
    okReply(found(store.exportUnit(parameters["id"] ?? ""), "request")),
  ),
  get("/api/requests/:id/html", async ({ parameters }, deps) => {
    const request = found(deps.store.unit(parameters["id"] ?? ""), "request");
    const body = await deps.page.file({ version, request, profiles: profilesOf(request, deps) });
    const name = `request-${request.summary.id.replaceAll(/[^a-z0-9]/g, "")}.html`;
    const headers = { "content-disposition": `attachment; filename="${name}"` };
    return { status: 200, contentType: "text/html; charset=utf-8", body, headers };
  }),
  get("/api/export", ({ query }, { store }) => {
    const filter = readFilter(query, ["signal"]);
    const signal = required("signal", oneOf(query, "signal", SIGNALS));
    try {
      return okReply(store.export(signal, filter));
    } catch (error) {
      if (error instanceof ExportSizeError) throw new RequestError(413, error.message);
      throw error;
    }
  }),
  {
    method: "POST",
    path: "/api/import",
    access: "session",
    async handle({ request }, { store }) {
      const parts = partsOf(await readJson(request, MAX_BODY_BYTES));
      let rejected = 0;
      for (const [signal, part] of parts) {
        try {
          rejected += store.import(signal, part);
        } catch (error) {
          throw new RequestError(400, `The ${signal} are no valid OTLP JSON: ${String(error)}`);
        }
      }
      return okReply({ imported: parts.map(([signal]) => signal), rejected });
    },
  },
];

const fields: Readonly<Record<OtlpSignal, string>> = {
  traces: "resourceSpans",
  logs: "resourceLogs",
  metrics: "resourceMetrics",
};

/** Returns the signals of an import: of one file, or of the export of one request. */
function partsOf(
  content: Readonly<Record<string, unknown>>,
): readonly (readonly [OtlpSignal, JsonObject])[] {
  const parts = SIGNALS.flatMap((signal) => {
    const nested = content[signal];
    if (fields[signal] in content) return [[signal, content] as const];
    return typeof nested === "object" && nested !== null
      ? [[signal, nested as JsonObject] as const]
      : [];
  });
  if (parts.length > 0) return parts;
  throw new RequestError(400, `OTLP JSON has one of ${Object.values(fields).join(", ")}.`);
}
