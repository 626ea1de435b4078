export interface FatalError {
  readonly type: string;
  readonly value: string;
  /** Where it is no matter of the module system: in an ES module's top level a throw rejects. */
  readonly mechanism?: string;
}

/** The end of a program, and the telemetry that it sends. */
export interface EndCase {
  readonly title: string;
  /** In `apps/ends.cjs`, unless there is a `file`. */
  readonly name: string;
  /** Another program of `apps/`, for one module system only. */
  readonly file?: string;
  /** Sent each time the program prints that it is ready. */
  readonly signal?: "SIGTERM" | "SIGINT";
  /** Flags of Node. */
  readonly flags?: readonly string[];
  /** Without an exit event: queued telemetry is lost, and stderr is V8's. */
  readonly abrupt?: true;
  /** Expects spans only, because the program's logger can't write any more. */
  readonly withoutLines?: true;
  /** The expected Sentry event. */
  readonly event?: FatalError;
  /** Exit of the program without a preload, to validate the test. */
  readonly code: number | null;
  readonly endsBy?: NodeJS.Signals;
}

const exception = "auto.node.onuncaughtexception";
const rejection = "auto.node.onunhandledrejection";

/** The twelve basic ends of a process. */
export const endCases: readonly EndCase[] = [
  { title: "its normal end", name: "normal", code: 0 },
  { title: "process.exit(3)", name: "exit", code: 3 },
  {
    title: "a throw at top level",
    name: "throwAtTop",
    code: 1,
    withoutLines: true,
    event: { type: "Error", value: "at the top" },
  },
  {
    title: "a throw in a timer",
    name: "throwInTimer",
    code: 1,
    event: { type: "RangeError", value: "in a timer", mechanism: exception },
  },
  {
    title: "an unhandled rejection",
    name: "rejectLater",
    code: 1,
    event: { type: "TypeError", value: "rejected", mechanism: rejection },
  },
  {
    title: "an error event without a listener",
    name: "errorEvent",
    code: 1,
    event: { type: "Error", value: "no listener", mechanism: exception },
  },
  { title: "SIGTERM", name: "signal", signal: "SIGTERM", code: null, endsBy: "SIGTERM" },
  { title: "SIGINT", name: "signal", signal: "SIGINT", code: null, endsBy: "SIGINT" },
  {
    title: "SIGTERM with a listener that lets it end",
    name: "sigtermListener",
    signal: "SIGTERM",
    code: 0,
  },
  {
    title: "SIGINT with a listener that exits",
    name: "sigintListener",
    signal: "SIGINT",
    code: 130,
  },
  { title: "process.abort", name: "abort", abrupt: true, code: null, endsBy: "SIGABRT" },
  {
    title: "out of memory",
    name: "memory",
    abrupt: true,
    flags: ["--max-old-space-size=32"],
    code: null,
    endsBy: "SIGABRT",
  },
];

/** Variants of the basic ends. */
export const endVariants: readonly EndCase[] = [
  { title: "its normal end with an exit code", name: "exitCode", code: 5 },
  {
    title: "a rejection at top level",
    name: "rejectAtTop",
    code: 1,
    withoutLines: true,
    event: { type: "TypeError", value: "rejected", mechanism: rejection },
  },
  {
    title: "a listener for exceptions that exits",
    name: "exceptionListener",
    code: 6,
    event: { type: "Error", value: "listened to", mechanism: exception },
  },
  { title: "work in a listener for exit", name: "exitListener", code: 0 },
  { title: "its normal end with ten listeners for it", name: "tenListeners", code: 0 },
  { title: "its normal end after it emitted exit itself", name: "exitByHand", code: 0 },
  { title: "process.exit right after a listener for exit", name: "exitListenerAtOnce", code: 4 },
  { title: "a listener for exit that exits", name: "exitListenerThatExits", code: 9 },
  { title: "work that starts in beforeExit", name: "beforeExit", code: 0 },
  {
    title: "an unsettled top-level await",
    name: "",
    file: "unsettled.mjs",
    withoutLines: true,
    code: 13,
  },
  {
    title: "a second SIGTERM after a once listener",
    name: "onceListener",
    signal: "SIGTERM",
    code: null,
    endsBy: "SIGTERM",
  },
  {
    title: "SIGTERM with a prepended once listener",
    name: "firstListenerOnce",
    signal: "SIGTERM",
    code: 0,
  },
  {
    title: "SIGTERM with a listener that sends it again if it is the only one",
    name: "lonelyListener",
    signal: "SIGTERM",
    code: null,
    endsBy: "SIGTERM",
  },
  {
    title: "SIGTERM after removeAllListeners",
    name: "listenersRemoved",
    signal: "SIGTERM",
    code: null,
    endsBy: "SIGTERM",
  },
];

/** Ends because of a port in use. */
export const serverErrors: readonly EndCase[] = ["serverError", "httpServerError"].map((name) => ({
  title: `the error event of ${name === "serverError" ? "a server" : "an HTTP server"}`,
  name,
  code: 1,
  withoutLines: true,
  event: { type: "Error", value: "listen EADDRINUSE", mechanism: exception },
}));

/** Ends whose stack contains the program's top level. */
export const topLevel: readonly EndCase[] = [...endCases, ...endVariants].filter(({ name }) =>
  name.endsWith("AtTop"),
);
