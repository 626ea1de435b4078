/** Where in an app an error occurs, by the name of the route, with words for the docs. */
export const places = {
  sync: "a handler that throws",
  async: "a handler that rejects",
  middleware: "middleware",
  hook: "hooks",
  guard: "guards",
  interceptor: "interceptors",
  observable: "interceptors",
  pipe: "pipes",
  next: "`next(error)`",
  replied: "an error as the response",
  handled: "an error that the app's error handler answers with 5xx",
  stream: "a response that breaks off",
  page: "a page",
  action: "a server action",
  props: "`getServerSideProps`",
  api: "a handler of `pages/api`",
  proxy: "`middleware` or `proxy`",
  input: "a parser of inputs",
  output: "a parser of outputs",
  context: "the context of a request",
  scalar: "a scalar",
  handshake: "a check of a handshake",
  connection: "a listener of connections",
  closed: "a listener of the end of a connection",
  captured: "an error that the app captures",
  timer: "a callback that throws",
  floating: "a promise that nothing awaits",
  caught: "an error that the handler catches",
  client: "an error with a status below 500",
} as const;

export type PlaceName = keyof typeof places;

/**
 * What makes an error an event: the framework (if the response is a 5xx), the console, the end of a job, the process
 * (`uncaughtException`, `unhandledRejection`), or `captureException`. `rejection`: the process,
 * although the app's code throws.
 */
export type Reporter = "framework" | "console" | "job" | "process" | "rejection" | "app" | "none";

const mechanisms: Readonly<Record<Exclude<Reporter, "process" | "none">, string>> = {
  framework: "auto.http.server",
  console: "auto.log.console",
  job: "auto.job",
  rejection: "auto.node.onunhandledrejection",
  app: "generic",
};

/** Places whose error is a rejection. */
const rejections: ReadonlySet<string> = new Set(["async", "floating"]);

/** Returns the `mechanism.type` of the event; undefined if there is none. */
export function mechanismOf(place: string, reporter: Reporter): string | undefined {
  if (reporter === "none") return undefined;
  if (reporter !== "process") return mechanisms[reporter];
  return rejections.has(place) ? "auto.node.onunhandledrejection" : "auto.node.onuncaughtexception";
}

/** Why an error of the place is no event. */
export const reasons: Readonly<Record<string, string>> = {
  caught: "your code has handled it",
  rejected: "your code has the error, and may capture it",
  client: "it is the fault of the client",
  middleware: "the library discards it",
  input: "it is the fault of the client",
};
