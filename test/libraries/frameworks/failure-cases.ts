/** A request of the apps in `apps/failing`, and what it must leave. */
export interface FailureCase {
  readonly title: string;
  /** The path, and what the error is called: `failed <name>`. */
  readonly name: string;
  /** Undefined where no response began. */
  readonly status: number | undefined;
  /** Whether the client leaves while it waits. */
  readonly disconnects?: true;
  /** `error.type` of the span and of the metric; undefined: the span has not failed. */
  readonly errorType?: string;
  /** Whether an event tells of it. */
  readonly isReported: boolean;
  /** How often it is asked for. */
  readonly times?: number;
}

/** What the client hears is not looked at here: it is what it would be without us. */
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
  { title: "what the client did wrong", name: "refused", status: 400, isReported: false },
  {
    title: "an error after the head",
    name: "late",
    status: 200,
    errorType: "Error",
    isReported: true,
  },
  {
    title: "a stream that breaks after the head",
    name: "stream",
    status: 200,
    errorType: "Error",
    isReported: true,
  },
  {
    title: "server-sent events that break",
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
    title: "a throw after the answer, in the same turn",
    name: "answered",
    status: 200,
    errorType: "Error",
    isReported: true,
  },
  // The span has ended by then.
  { title: "a throw once the answer is out", name: "after", status: 200, isReported: true },
  { title: "a failing hook after the answer", name: "hook", status: 200, isReported: true },
  {
    title: "a throw after the client has left",
    name: "left",
    status: undefined,
    disconnects: true,
    isReported: true,
  },
  {
    title: "a throw after the client has left, which the app takes for the client's fault",
    name: "left-refused",
    status: undefined,
    disconnects: true,
    isReported: false,
  },
  {
    title: "a stream that the client leaves",
    name: "endless",
    status: 200,
    disconnects: true,
    isReported: false,
  },
];

/** What an app's framework doesn't know, or hands on in a later turn. */
const absent: Readonly<Record<string, readonly string[]>> = {
  connect: ["left-refused", "hook", "events", "answered"],
  express: ["hook", "events"],
  fastify: ["left-refused", "events"],
  hapi: ["left-refused", "hook", "events", "answered", "after", "late"],
  hono: ["left-refused", "hook", "answered", "after", "late", "destroyed"],
  http: ["left-refused", "hook", "events", "answered", "throws", "refused"],
  koa: ["left-refused", "hook", "events", "answered"],
  nest: ["left-refused", "hook", "answered"],
  // What fails after the head it dies of.
  restify: ["left-refused", "hook", "events", "answered", "after", "late"],
};

/** What the oldest versions do in another way: hooks run otherwise, events that break end the process. */
const absentIn: Readonly<Record<string, readonly string[]>> = {
  "fastify-oldest": ["hook"],
  "hono-oldest": ["events"],
};

/** The shapes that an app has. */
export function failureCasesOf(app: string, installed: string): FailureCase[] {
  const missing = [...(absent[app] ?? []), ...(absentIn[installed] ?? [])];
  return failureCases.filter(({ name }) => !missing.includes(name));
}
