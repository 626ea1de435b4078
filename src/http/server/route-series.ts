import type { BoundRecorder } from "../../metrics/meter.ts";
import type { CachedAttributes } from "../../traces/span-attributes.ts";

/** Series of the sizes of bodies, in bytes. */
export interface BodySizeSeries {
  readonly request: BoundRecorder;
  readonly response: BoundRecorder;
}

/** Attributes and metric series that all requests of one method, status and route have in common. */
export interface RouteSeries extends CachedAttributes {
  readonly spanName: string;
  readonly scheme: string;
  readonly protocolVersion: string;
  readonly method: string;
  readonly statusCode: number | undefined;
  readonly errorType: string | undefined;
  readonly duration: BoundRecorder;
  /** Undefined if sizes are not recorded. */
  readonly bodySizes: BodySizeSeries | undefined;
}
