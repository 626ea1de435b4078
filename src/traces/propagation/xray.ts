import { AWSXRayPropagator } from "@opentelemetry/propagator-aws-xray";
import { Guarded } from "./guarded.ts";

/** https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
export function createXrayPropagator(): Guarded {
  return new Guarded(new AWSXRayPropagator());
}
