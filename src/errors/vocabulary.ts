/*
 * The words of the public door (`index.ts`): what an app may hand in. No import
 * here, so that our declarations need no package but this one.
 */

/** Sentry's levels, the gravest first. */
export type SeverityLevel = "fatal" | "error" | "warning" | "log" | "info" | "debug";

export type Primitive = string | number | boolean | bigint | symbol | null | undefined;

/** Whom an event concerns; every field is optional and sent as it is. */
export interface User {
  readonly id?: string | number;
  readonly email?: string;
  readonly username?: string;
  readonly [field: string]: unknown;
}

/** A trail on the way to an error. */
export interface Breadcrumb {
  readonly type?: string;
  readonly category?: string;
  readonly message?: string;
  readonly level?: SeverityLevel;
  /** Seconds since 1970; now, if absent. */
  readonly timestamp?: number;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What is said of one event only. */
export interface CaptureHint {
  readonly level?: SeverityLevel;
  readonly user?: User;
  readonly tags?: Readonly<Record<string, Primitive>>;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly contexts?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly fingerprint?: readonly string[];
}
