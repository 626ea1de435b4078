import { AWSXRayPropagator } from "@opentelemetry/propagator-aws-xray";
import { SafePropagator } from "./safe-propagator.ts";

/** Creates a propagator for AWS X-Ray: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
export function createXrayPropagator(): SafePropagator {
  return new SafePropagator(new AWSXRayPropagator());
}
