import type { SourceGroup } from "./source-group.ts";
import { type ThrownValue, values } from "./values.ts";

export interface AppFormat {
  /** As in the docs. */
  readonly name: "CommonJS" | "ES modules";
  readonly file: string;
  readonly preload: "import" | "require";
}

const esm: AppFormat = { name: "ES modules", file: "process.mjs", preload: "import" };
const cjs: AppFormat = { name: "CommonJS", file: "process.cjs", preload: "require" };
export const formats: readonly AppFormat[] = [esm, cjs];

/** A place in an app where an error reaches the process. */
export interface ProcessSource {
  /** In `apps/process-ways.mjs`. */
  readonly name: string;
  /** As in the docs. */
  readonly place: string;
  readonly mechanism: string | undefined;
  readonly reason?: string;
  readonly formats: readonly AppFormat[];
  /** Names of the values that are thrown on the newest Node; default: those of `fewValues`. */
  readonly values?: readonly string[];
  /** Returns the exception with which Node replaces a value. */
  readonly replace?: (value: ThrownValue) => Omit<ThrownValue, "name">;
}

const exception = "auto.node.onuncaughtexception";
const rejection = "auto.node.onunhandledrejection";
/** One of each kind. All values are thrown where the process survives, in `frameworks.ts`. */
const someValues = ["error", "aggregate", "frozen", "getters", "string", "symbol", "undefined"];
export const fewValues: readonly string[] = ["error", "frozen"];

export const processSources: readonly ProcessSource[] = [
  ...[esm, cjs].map((format) => ({
    name: "top",
    place: "the top level of the app",
    mechanism: format === esm ? rejection : exception,
    formats: [format],
    values: someValues,
  })),
  {
    name: "timer",
    place: "a callback that throws",
    mechanism: exception,
    formats,
    values: someValues,
  },
  {
    name: "floating",
    place: "a promise that nothing awaits",
    mechanism: rejection,
    formats,
    values: someValues,
    replace: rejected,
  },
  { name: "emitter", place: "an `error` event without a listener", mechanism: exception, formats },
  {
    name: "worker",
    place: "a worker thread",
    mechanism: exception,
    formats,
    // Sentry marks captured errors, for other threads too. It can't mark a frozen one.
    values: ["error", "aggregate"],
  },
  {
    name: "listened",
    place: "a worker thread",
    mechanism: exception,
    formats,
    values: ["error", "frozen", "string", "undefined", "object"],
  },
  { name: "child", place: "a child process of `fork`", mechanism: exception, formats },
  { name: "cluster", place: "a process of `cluster`", mechanism: exception, formats },
  {
    name: "caught",
    place: "an error that your code catches",
    mechanism: undefined,
    reason: "your code has handled it",
    formats,
  },
];

/** Node ends the process with an error of its own, if the reason is none. */
function rejected(value: ThrownValue): Omit<ThrownValue, "name"> {
  const firstOther = values.findIndex(({ name }) => name === "string");
  if (values.indexOf(value) < firstOther) return value;
  const text = "This error originated either by throwing inside of an async function without";
  return { type: "UnhandledPromiseRejection", text };
}

export const sourceGroup: SourceGroup = {
  title: "The process",
  sources: processSources.flatMap(({ formats, ...source }) =>
    formats.map(({ name }) => ({ ...source, library: name })),
  ),
};
