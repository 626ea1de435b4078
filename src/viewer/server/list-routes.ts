import { jsonReply, textReply, type HttpReply } from "../../replies/http-reply.ts";
import { version } from "../../version.ts";
import type { ViewerStatus } from "../model.ts";
import { checkNames, readFilter, readLogQuery, readUnitQuery, textOf } from "./query-reader.ts";
import { RequestError } from "./request-error.ts";
import type { Route } from "./route.ts";

/** What the page and the commands read. */
export const listRoutes: readonly Route[] = [
  get("/api/status", async (_request, { store, project, editor }) => {
    const status: ViewerStatus = {
      version,
      project,
      ...store.status(),
      editor: (await editor.name()) !== undefined,
    };
    return okReply(status);
  }),
  get("/api/requests", ({ query }, { store }) => okReply(store.units(readUnitQuery(query)))),
  get("/api/requests/:id", ({ parameters }, { store }) =>
    okReply(found(store.unit(parameters["id"] ?? ""), "request")),
  ),
  get("/api/routes", ({ query }, { store }) => okReply(store.routes(readFilter(query)))),
  get("/api/logs", ({ query }, { store }) => okReply(store.logs(readLogQuery(query)))),
  get("/api/metrics", ({ query }, { store }) => {
    checkNames(query, ["service"]);
    return okReply(store.metrics(textOf(query, "service")));
  }),
  get("/api/runs", (_request, { store }) => okReply(store.runs())),
  get("/api/events", ({ request, response, query }, { events }) => {
    // A stream would never answer.
    if (request.method === "HEAD") return textReply(200, "");
    // The parameter is that of a page that connects again by itself; browsers send the header.
    const header = request.headers["last-event-id"] ?? query.get("last_event_id") ?? undefined;
    response.setHeader("content-type", "text/event-stream; charset=utf-8");
    if (events.add(response, header?.toString())) return undefined;
    return textReply(503, "Too many pages are open.\n");
  }),
];

/** @throws RequestError with status 404 if there is no such thing. */
export function found<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new RequestError(404, `There is no such ${what}.`);
  return value;
}

export function okReply(content: object): HttpReply {
  return jsonReply(200, content);
}

export function get(path: string, handle: Route["handle"]): Route {
  return { method: "GET", path, access: "session", handle };
}
