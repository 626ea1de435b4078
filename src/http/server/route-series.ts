import type { BoundRecorder } from "../../metrics/meter.ts";
import type { CachedAttributes } from "../../traces/span-attributes.ts";

/** Attributes and metric series that all requests of one method, status and route have in common. */
export interface RouteSeries extends CachedAttributes {
  readonly spanName: string;
  readonly scheme: string;
  readonly protocolVersion: string;
  readonly method: string;
  readonly statusCode: number | undefined;
  readonly errorType: string | undefined;
  readonly duration: BoundRecorder;
}
