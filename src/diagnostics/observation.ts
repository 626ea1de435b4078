import type { LogLevel } from "../config/config.ts";

/*
 * What a preloaded process reports to `telltale doctor`, one line of JSON each, in a file of
 * the folder that `TELLTALE_DOCTOR` names. Only doctor sets that variable.
 */

/** A file of an instrumented library, as the loader found it. */
export interface ObservedFile {
  readonly package: string;
  readonly version: string;
  readonly file: string;
  readonly directory: string;
  readonly format: "commonjs" | "module";
}

/** The numbers of one signal. */
export interface ObservedCounts {
  readonly created: number;
  readonly sent: number;
  readonly queued: number;
  readonly dropped: Readonly<Record<string, number>>;
}

/** One line of the file. */
export type Observation =
  | {
      readonly kind: "start";
      readonly pid: number;
      readonly isMainThread: boolean;
      readonly node: string;
      readonly version: string;
      /** The script, without arguments, which may be secrets. */
      readonly script: string | undefined;
      readonly cwd: string;
      /** Node's flags of this process and of `NODE_OPTIONS`. */
      readonly flags: readonly string[];
      /** The variables that the preload has read. The file is private to the user, and doctor deletes it. */
      readonly environment: readonly (readonly [name: string, value: string])[];
    }
  /** The preload is complete. Without it, another SDK is in the way. */
  | { readonly kind: "ready" }
  /** The first file of a package. */
  | { readonly kind: "package"; readonly directory: string }
  /** A file outside of `node_modules`. */
  | { readonly kind: "app-file"; readonly path: string }
  /** Another preload than doctor's runs: by a flag, or by code of the app. */
  | { readonly kind: "preload" }
  | { readonly kind: "patched"; readonly instrumentation: string; readonly file: ObservedFile }
  | {
      readonly kind: "message";
      readonly level: LogLevel;
      readonly key: string;
      readonly text: string;
    }
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "inspector"; readonly host: string }
  /** Variables that the app has set after the preload had read them. */
  | { readonly kind: "late-variables"; readonly names: readonly string[] }
  | {
      readonly kind: "telemetry";
      /** Spans by the name of their scope. */
      readonly spans: Readonly<Record<string, number>>;
      readonly serverSpans: number;
      readonly traceId: string | undefined;
      readonly lines: number;
      readonly linesWithTrace: number;
      readonly counts: Readonly<Record<string, ObservedCounts>>;
    };
