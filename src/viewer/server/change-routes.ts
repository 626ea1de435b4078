import { jsonReply } from "../../replies/http-reply.ts";
import { found, okReply } from "./list-routes.ts";
import { MAX_CHANGE_BYTES, readJson } from "./request-body.ts";
import { RequestError } from "./request-error.ts";
import type { Route, RouteRequest } from "./route.ts";

/** What the page and the commands change. */
export const changeRoutes: readonly Route[] = [
  post("/api/requests/:id/pin", async (route, { store }) => {
    const { pinned } = await changeOf(route);
    if (typeof pinned !== "boolean") throw invalid("pinned", "true or false");
    found(store.pin(route.parameters["id"] ?? "", pinned) || undefined, "request");
    return okReply({ pinned });
  }),
  post("/api/runs/:id/baseline", async (route, { store }) => {
    const { name } = await changeOf(route);
    if (name !== null && (typeof name !== "string" || !/^[\w./-]{1,60}$/.test(name)))
      throw invalid("name", "1 to 60 characters of A-Z a-z 0-9 _ . / -, or null");
    const run = route.parameters["id"] ?? "";
    found(store.setBaseline(run, name ?? undefined) || undefined, "run");
    return okReply({ name });
  }),
  post("/api/profiles/next", async (route, { commands }) => {
    const { service, name, kind = "cpu" } = await changeOf(route);
    if (kind !== "cpu" && kind !== "allocation") throw invalid("kind", "cpu or allocation");
    const asked = commands.add(
      { type: "profile", kind, name: optionalText("name", name) },
      optionalText("service", service),
    );
    return jsonReply(202, { asked });
  }),
  post("/api/open", async (route, { editor }) => {
    const { file, line = 1, column = 1 } = await changeOf(route);
    if (typeof file !== "string") throw invalid("file", "an absolute path");
    const place = { line: positive("line", line), column: positive("column", column) };
    await editor.open({ file, ...place });
    return okReply({ opened: true });
  }),
  {
    method: "DELETE",
    path: "/api/requests",
    access: "session",
    handle(_route, { store }) {
      store.clear();
      return okReply({ cleared: true });
    },
  },
];

function post(path: string, handle: Route["handle"]): Route {
  return { method: "POST", path, access: "session", handle };
}

function changeOf({ request }: RouteRequest): Promise<Readonly<Record<string, unknown>>> {
  return readJson(request, MAX_CHANGE_BYTES);
}

function optionalText(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  throw invalid(name, "a text");
}

function positive(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
  throw invalid(name, "a whole number, 1 or more");
}

function invalid(name: string, expected: string): RequestError {
  return new RequestError(400, `The field "${name}" must be ${expected}.`);
}
