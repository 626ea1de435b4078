import type { Attributes, Context as ApiContext, Span } from "@opentelemetry/api";
import { now } from "../clock.ts";
import { SPAN_KEY } from "../context/context.ts";
import { errorTypeOf } from "../context/error-type.ts";
import type {
  MessageOperation,
  ProducerOperation,
  PropagationHeaders,
} from "../context/messaging.ts";
import { propagationHeaderSetter } from "../context/propagation-header-setter.ts";
import { logIdsIn } from "../context/unit-access.ts";
import { addPropagatedIds } from "./propagated-ids.ts";
import { failSpan } from "./fail-span.ts";
import { messageAttributes, messageSpanName, withLabelName } from "./operation-details.ts";
import type { OperationDeps } from "./operation-deps.ts";

/** `SpanKind` of the API. */
const PRODUCER = 3;

/** A message, or a batch of messages, from the call that sends it until the library has sent it. */
export class SendOperation implements ProducerOperation {
  readonly context: ApiContext;
  readonly propagationHeaders: PropagationHeaders = {};
  readonly #deps: OperationDeps;
  readonly #operation: MessageOperation;
  readonly #span: Span;
  readonly #startedAt: number = now();
  #isEnded = false;

  constructor(deps: OperationDeps, messageOperation: MessageOperation, active: ApiContext) {
    this.#deps = deps;
    this.#operation = withLabelName(messageOperation);
    const attributes = {
      ...messageAttributes(this.#operation),
      "messaging.operation.type": "send",
    };
    const options = { kind: PRODUCER, attributes };
    this.#span = deps.tracer.startSpan(messageSpanName(this.#operation), options, active);
    this.context = active.setValue(SPAN_KEY, this.#span);
    deps.propagator.inject(this.context, this.propagationHeaders, propagationHeaderSetter);
    addPropagatedIds(this.propagationHeaders, logIdsIn(active));
  }

  setAttributes(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  end(error?: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    try {
      const errorType = error === undefined ? undefined : errorTypeOf(error);
      const seconds = (now() - this.#startedAt) / 1000;
      this.#deps.metrics.recordSend(this.#operation, seconds, errorType, this.#span);
      if (errorType !== undefined) failSpan(this.#span, error, errorType);
    } catch (internalError) {
      this.#deps.onInternalError(internalError);
    } finally {
      this.#span.end();
    }
  }
}
