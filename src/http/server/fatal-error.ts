import { errorTypeOf } from "../../context/error-type.ts";
import { activeUnitOfWork, runInThrowContext } from "../../context/manager.ts";
import { isErrorObject } from "../../context/thrown.ts";
import { STATUS_ERROR } from "../../traces/span.ts";
import { HttpServerRequest } from "./server-request.ts";

/**
 * Fails the unit of work that an uncaught exception was thrown in, whether or not the
 * process survives. Throws only errors of telltale.
 */
export function recordFatalError(error: unknown): void {
  const unit = runInThrowContext(activeUnitOfWork);
  const span = unit?.span;
  if (span === undefined || !span.isRecording()) return;
  if (unit instanceof HttpServerRequest) {
    unit.recordFailure(error);
    return;
  }
  span.setStatus({ code: STATUS_ERROR });
  span.setAttribute("error.type", errorTypeOf(error));
  if (isErrorObject(error)) span.recordException(error);
}
