import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import type { UnitFilter } from "../../viewer/viewer-store.ts";
import { compareSides } from "../compare.ts";
import { showRequest } from "../request.ts";
import { type Answer, answerText } from "../viewer/answer.ts";
import { errorsAnswer } from "../viewer/answers/errors-answer.ts";
import { slowAnswer } from "../viewer/answers/slow-answer.ts";
import { SourceError, type ViewerSource } from "../viewer/viewer-source.ts";
import { isObject, type JsonObject, RPC_ERRORS, RpcError } from "./json-rpc.ts";

export type OpenSource = () => Promise<ViewerSource>;

/** A parameter of a tool. */
interface Parameter {
  readonly type: "string" | "integer";
  readonly description: string;
  readonly minimum?: number;
}

interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly required?: readonly string[];
  readonly answer: (source: ViewerSource, values: ToolValues) => Promise<Answer>;
}

type ToolValues = Readonly<Record<string, string | number | undefined>>;

const filters: Readonly<Record<string, Parameter>> = {
  route: {
    type: "string",
    description: "Only this route, such as GET /orders/:id, or the name of a job.",
  },
  service: { type: "string", description: "Only this service." },
  run: {
    type: "string",
    description: "Only this start of the app: an id, a baseline, current or previous.",
  },
};

/** The four questions about a service under development; few tools are used better than many. */
const rows: readonly Tool[] = [
  {
    name: "recent_errors",
    title: "What failed lately",
    description:
      "Failed requests by route, equal errors as one with type, message and the place in the " +
      "source (file:line), and exhausted connection pools.",
    parameters: filters,
    answer: (source, values) => errorsAnswer(source, filterOf(values)),
  },
  {
    name: "slow_requests",
    title: "What is slow",
    description:
      "Routes by 95th percentile with number of queries, and where the time of the slowest " +
      "requests goes: N+1 queries with file:line, stalls of the event loop, slow queries.",
    parameters: filters,
    answer: (source, values) => slowAnswer(source, filterOf(values)),
  },
  {
    name: "show_request",
    title: "Show one request",
    description:
      "One request whole: errors, repeated calls, spans (equal ones as one line) and log. With " +
      "a span, that span with the whole text of its query, parameters and attributes.",
    parameters: {
      id: { type: "string", description: "Id of a request, of another answer; or a trace id." },
      span: { type: "string", description: "Id of a span of the request." },
      spans_from: {
        type: "integer",
        minimum: 1,
        description: "Shows 20 lines of spans from this one on, in their order.",
      },
    },
    required: ["id"],
    answer: (source, { id, span, spans_from: spansFrom }) =>
      showRequest(source, String(id), {
        span: textOf(span),
        spansFrom: typeof spansFrom === "number" ? spansFrom : undefined,
      }),
  },
  {
    name: "what_changed",
    title: "What changed since",
    description:
      "Compares two runs of the app (default: the one before with the current one), or two " +
      "requests: slower routes, queries that are new, gone or run more often, with file:line.",
    parameters: {
      before: {
        type: "string",
        description: "An id of a run or a request, a baseline, or previous (default).",
      },
      after: { type: "string", description: "The same; default: current." },
      route: { type: "string", description: "Only this route." },
    },
    answer: (source, { before, after, route }) =>
      compareSides(source, {
        sides: before === undefined && after === undefined ? [] : sidesOf(before, after),
        baseline: undefined,
        names: route === undefined ? [] : [String(route)],
        limits: [],
      }),
  },
];

/** The tools as `tools/list` has them. */
export const tools: readonly JsonObject[] = rows.map((tool) => ({
  name: tool.name,
  title: tool.title,
  description: tool.description,
  inputSchema: {
    type: "object",
    properties: tool.parameters,
    required: tool.required ?? [],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
}));

/**
 * Calls a tool.
 *
 * @returns the result; a problem that the model can correct is a result with `isError`.
 * @throws RpcError if there is no such tool, or the arguments are no object.
 */
export async function callTool(params: JsonObject, openSource: OpenSource): Promise<JsonObject> {
  const { name, arguments: given = {} } = params;
  const tool = rows.find((one) => one.name === name);
  if (tool === undefined)
    throw new RpcError(RPC_ERRORS.invalidParams, `there is no tool ${excerpt(String(name), 100)}`);
  if (!isObject(given)) throw new RpcError(RPC_ERRORS.invalidParams, "arguments is no object");
  const problem = problemOf(tool, given);
  if (problem !== undefined) return failed(problem);
  let source: ViewerSource | undefined;
  try {
    source = await openSource();
    return content(answerText(await tool.answer(source, given as ToolValues)));
  } catch (error) {
    if (error instanceof SourceError) return failed(error.message);
    throw error;
  } finally {
    source?.close();
  }
}

function problemOf({ parameters, required = [] }: Tool, given: JsonObject): string | undefined {
  const missing = required.find((name) => given[name] === undefined);
  if (missing !== undefined) return `${missing} is missing`;
  for (const [name, value] of Object.entries(given)) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter === undefined)
      return `${excerpt(name, 60)} is not known; expected ${Object.keys(parameters).join(", ")}`;
    const isValid =
      parameter.type === "string"
        ? typeof value === "string" && value !== ""
        : Number.isInteger(value) && (value as number) >= (parameter.minimum ?? 0);
    if (value !== undefined && !isValid)
      return `${name}: expected ${parameter.type === "string" ? "a text" : "a whole number from 1 on"}`;
  }
  return undefined;
}

function content(text: string): JsonObject {
  return { content: [{ type: "text", text }], isError: false };
}

function failed(message: string): JsonObject {
  return { content: [{ type: "text", text: excerpt(message, 1000) }], isError: true };
}

function filterOf({ route, service, run }: ToolValues): UnitFilter {
  return { name: textOf(route), service: textOf(service), run: textOf(run) };
}

function sidesOf(before: ToolValues[string], after: ToolValues[string]): readonly string[] {
  return [textOf(before) ?? "previous", textOf(after) ?? "current"];
}

function textOf(value: ToolValues[string]): string | undefined {
  return value === undefined ? undefined : String(value);
}
