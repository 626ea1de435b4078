/** A request to the apps in `apps/failing`, and the telemetry that it must produce. */
export interface FailureCase {
  readonly title: string;
  /** The path, and the name in the error's message: `failed <name>`. */
  readonly name: string;
  /** Undefined if no response began. */
  readonly status: number | undefined;
  /** Whether the client disconnects while it waits. */
  readonly disconnects?: true;
  /** `error.type` of the span and of the metric; undefined if the span has not failed. */
  readonly errorType?: string;
  /** Whether the error is an event. */
  readonly isReported: boolean;
  /** Number of requests; default: 1. */
  readonly times?: number;
}

/** The responses are not checked here: they are the same as without the preload. */
const failureCases: readonly FailureCase[] = [
  { title: "a throw", name: "throws", status: 500, errorType: "500", isReported: true },
  { title: "a rejection", name: "rejects", status: 500, errorType: "500", isReported: true },
  {
    title: "one error object in three requests",
    name: "constant",
    status: 500,
    errorType: "500",
    isReported: true,
    times: 3,
  },
  { title: "a client error", name: "refused", status: 400, isReported: false },
  {
    title: "an error after the headers",
    name: "late",
    status: 200,
    errorType: "Error",
    isReported: true,
  },
  {
    title: "a stream that fails after the headers",
    name: "stream",
    status: 200,
    errorType: "Error",
    isReported: true,
  },
  {
    title: "server-sent events that fail",
    name: "events",
    status: 200,
    errorType: "Error",
    isReported: true,
  },
  {
    title: "a response that the app destroys with an error",
    name: "destroyed",
    status: 200,
    errorType: "Error",
    isReported: true,
  },
  {
    title: "a throw right after the response, synchronously",
    name: "answered",
    status: 200,
    errorType: "Error",
    isReported: true,
  },
  // The span has ended by then.
  { title: "a throw after the response was sent", name: "after", status: 200, isReported: true },
  { title: "a failing hook after the response", name: "hook", status: 200, isReported: true },
  {
    title: "a throw after the client has disconnected",
    name: "left",
    status: undefined,
    disconnects: true,
    isReported: true,
  },
  {
    title: "a throw after a disconnect, to which the app responds with a client error",
    name: "left-refused",
    status: undefined,
    disconnects: true,
    isReported: false,
  },
  {
    title: "a stream whose client disconnects",
    name: "endless",
    status: 200,
    disconnects: true,
    isReported: false,
  },
];

/** Cases that a framework does not support, or passes on asynchronously. */
const absent: Readonly<Record<string, readonly string[]>> = {
  connect: ["left-refused", "hook", "events", "answered"],
  express: ["hook", "events"],
  fastify: ["left-refused", "events"],
  hapi: ["left-refused", "hook", "events", "answered", "after", "late"],
  hono: ["left-refused", "hook", "answered", "after", "late", "destroyed"],
  http: ["left-refused", "hook", "events", "answered", "throws", "refused"],
  koa: ["left-refused", "hook", "events", "answered"],
  nest: ["left-refused", "hook", "answered"],
  // Restify crashes on failures after the headers.
  restify: ["left-refused", "hook", "events", "answered", "after", "late"],
};

/**
 * Cases in which the oldest versions differ: hooks run in another order, broken
 * server-sent events end the process.
 */
const absentIn: Readonly<Record<string, readonly string[]>> = {
  "fastify-oldest": ["hook"],
  "hono-oldest": ["events"],
};

/** Returns the cases that an app supports. */
export function failureCasesOf(app: string, installed: string): FailureCase[] {
  const missing = [...(absent[app] ?? []), ...(absentIn[installed] ?? [])];
  return failureCases.filter(({ name }) => !missing.includes(name));
}
