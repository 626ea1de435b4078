import { jsonReply } from "../../replies/http-reply.ts";
import type { NewProfile } from "../viewer-store.ts";
import { checkNames, required, textOf } from "./query-reader.ts";
import { MAX_BODY_BYTES, readJson } from "./request-body.ts";
import { RequestError } from "./request-error.ts";
import type { Route } from "./route.ts";

/** What apps send beside OTLP, and what they ask for. */
export const agentRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/agent/profiles",
    access: "app",
    async handle({ request }, { store }) {
      const profile = parseProfile(await readJson(request, MAX_BODY_BYTES));
      return jsonReply(201, { id: store.addProfile(profile).id });
    },
  },
  {
    method: "GET",
    path: "/agent/commands",
    access: "app",
    async handle({ query, response }, { commands }) {
      checkNames(query, ["service", "pid", "after"]);
      const service = required("service", textOf(query, "service"));
      const disconnected = new AbortController();
      response.once("close", () => disconnected.abort());
      const after = Number(textOf(query, "after") ?? 0) || 0;
      return jsonReply(200, { commands: await commands.next(service, after, disconnected.signal) });
    },
  },
];

const texts = ["service", "name", "traceId", "spanId"] as const;
const numbers = ["start", "durationMs", "overlapping", "samples"] as const;

/** @throws RequestError if a field is missing or of another type. */
function parseProfile(content: Readonly<Record<string, unknown>>): NewProfile {
  const { kind, content: recorded } = content;
  const isValid =
    (kind === "cpu" || kind === "allocation") &&
    texts.every((field) => typeof content[field] === "string") &&
    numbers.every((field) => Number.isFinite(content[field])) &&
    typeof recorded === "object" &&
    recorded !== null;
  if (isValid) return content as unknown as NewProfile;
  throw new RequestError(
    400,
    `A profile has kind (cpu or allocation), ${[...texts, ...numbers].join(", ")} and content.`,
  );
}
