/*
 * What becomes of the calls that an app makes through its own import of Sentry: data of the
 * test, and of the table in docs/errors.md (`scripts/readme/sentry-functions.ts`).
 */

/** Whose client sends what the app captures. */
export type Sender = "telltale" | "app" | "none";

/** Whether the user that the app sets through its import is in log lines. */
export const hasUserInLogs: Readonly<Record<Sender, boolean>> = {
  telltale: true,
  app: false,
  none: false,
};

export interface SentryImport {
  readonly title: string;
  /** Names of packages: aliases of this folder, or of the root. */
  readonly packages: readonly string[];
  readonly initializes: boolean;
  readonly sender: Sender;
}

export const imports: readonly SentryImport[] = [
  {
    title: "`@sentry/core` or `@sentry/node` 11, without `Sentry.init`",
    packages: ["@sentry/core", "sentry-core-old", "sentry11"],
    initializes: false,
    sender: "telltale",
  },
  {
    title: "Sentry 8 to 10, without `Sentry.init`",
    packages: ["sentry-core80", "sentry8", "sentry9", "sentry10"],
    initializes: false,
    sender: "none",
  },
  {
    title: "`@sentry/node` 8 to 11, with `Sentry.init`",
    packages: ["sentry8", "sentry9", "sentry10", "sentry11"],
    initializes: true,
    sender: "app",
  },
];

/** The functions of the public API that Sentry has, too. */
export type FunctionName =
  | "captureException"
  | "captureMessage"
  | "captureFeedback"
  | "captureCheckIn"
  | "withMonitor"
  | "setUser"
  | "setTag"
  | "setTags"
  | "setExtra"
  | "setExtras"
  | "setContext"
  | "addBreadcrumb"
  | "withScope"
  | "withIsolationScope"
  | "lastEventId"
  | "flush";
