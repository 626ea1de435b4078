import {
  type CorrelationFields,
  formatTraceFlags,
  type LogContext,
} from "../../../logs/correlation.ts";
import { toJsonString } from "../../../logs/json-string.ts";
import type { PinoLogger, PinoSymbols } from "./pino-logger.ts";

/** Writes the ids as JSON, each with a comma before it. Ids that the app sets itself, or redacts, are left out. */
export class IdSerializer {
  readonly #symbols: PinoSymbols;

  constructor(symbols: PinoSymbols) {
    this.#symbols = symbols;
  }

  serialize(
    logger: PinoLogger,
    fields: CorrelationFields,
    { spanContext, unit }: LogContext,
  ): string {
    if (spanContext === undefined && unit === undefined) return "";
    const bindings = logger[this.#symbols.chindingsSym] as string;
    const bound = bindings.includes('_id":') ? bindings : "";
    let text = "";
    if (spanContext !== undefined && this.#isAvailable(logger, fields, bound, "trace_id")) {
      text = `,"trace_id":"${spanContext.traceId}","span_id":"${spanContext.spanId}","trace_flags":"${formatTraceFlags(spanContext.traceFlags)}"`;
    }
    if (unit === undefined) return text;
    const { requestId, userId, organizationId } = unit;
    if (requestId !== undefined && this.#isAvailable(logger, fields, bound, "request_id")) {
      text += `,"request_id":${toJsonString(requestId)}`;
    }
    if (userId !== undefined && this.#isAvailable(logger, fields, bound, "user_id")) {
      text += `,"user_id":${toJsonString(userId)}`;
    }
    if (
      organizationId !== undefined &&
      this.#isAvailable(logger, fields, bound, "organization_id")
    ) {
      text += `,"organization_id":${toJsonString(organizationId)}`;
    }
    return text;
  }

  /** Whether none of the ids is redacted. */
  areUnredacted(logger: PinoLogger, { unit }: LogContext): boolean {
    if (unit === undefined) return true;
    const stringifiers = logger[this.#symbols.stringifiersSym] as CorrelationFields;
    return (
      stringifiers.request_id === undefined &&
      stringifiers.user_id === undefined &&
      stringifiers.organization_id === undefined
    );
  }

  #isAvailable(
    logger: PinoLogger,
    fields: CorrelationFields,
    bound: string,
    name: keyof CorrelationFields,
  ): boolean {
    // The field is not read: a getter would run once more than without telltale.
    if (Object.hasOwn(fields, name)) return isUnset(fields, name);
    if (bound !== "" && bound.includes(`"${name}":`)) return false;
    return (logger[this.#symbols.stringifiersSym] as CorrelationFields)[name] === undefined;
  }
}

function isUnset(fields: CorrelationFields, name: keyof CorrelationFields): boolean {
  const found = Object.getOwnPropertyDescriptor(fields, name);
  return found?.get === undefined && found?.value === undefined;
}
