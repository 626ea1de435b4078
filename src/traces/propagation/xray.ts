import { AWSXRayPropagator } from "@opentelemetry/propagator-aws-xray";
import { SafePropagator } from "./safe-propagator.ts";

/** https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
export function createXrayPropagator(): SafePropagator {
  return new SafePropagator(new AWSXRayPropagator());
}
