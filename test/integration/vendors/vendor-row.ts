import type { Vendor } from "../../../src/cli/doctor/vendors.ts";
import type { Signal } from "../../../src/config/variables.ts";

/** The day on which the facts in `rows/` were looked up in the sources that they name. */
export const LOOKED_UP = "2026-12-01";

/** A vendor of a back end: the data of a section of docs/vendors.md and of its test. */
export interface VendorRow {
  readonly vendor: Vendor;
  readonly introduction: string;
  /** Addresses by region or site. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Values by variable, as a shell reads them. Undefined if the app can't send to it directly. */
  readonly direct: DirectExport | undefined;
  /** What its documentation states. */
  readonly facts: readonly Fact[];
  /** Paragraphs below the facts: other routes. */
  readonly remarks?: readonly string[];
}

export interface Fact {
  readonly topic: string;
  readonly text: string;
  /** Undefined for what was not found in the documentation. */
  readonly source: string | undefined;
}

/** How an app sends to it, and how its receiver behaves. */
export interface DirectExport {
  readonly variables: Readonly<Record<string, string>>;
  /** Values of the test for the variables with credentials. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly endpoints: Readonly<Partial<Record<Signal, EndpointRules>>>;
  /** Statuses without the credentials and with wrong ones. */
  readonly statuses: { readonly missing: number; readonly wrong: number };
  readonly attributes?: AttributeLimits;
}

/** What the endpoint of a signal accepts. */
export interface EndpointRules {
  readonly url: string;
  /** Headers that the request must have, in lower case, with their values in the test. */
  readonly headers: Readonly<Record<string, string>>;
  /** Default: 200. */
  readonly successStatus?: number;
  readonly limit?: RequestLimit;
}

/** Larger requests are rejected with the status. */
export interface RequestLimit {
  readonly status: 400 | 413;
  /** As sent. */
  readonly bytes?: number;
  /** After decompression. */
  readonly uncompressedBytes?: number;
  /** Spans, data points or log records. */
  readonly items?: number;
}

/** Values above these limits are lost or truncated there. */
export interface AttributeLimits {
  readonly valueLength: number;
  readonly spanCount?: number;
  readonly recordCount?: number;
}
