import type { WatchedUnit } from "../../context/unit-views.ts";
import type { SpanLike } from "../../queries/call.ts";

/** More calls of one unit of work are only counted. */
const MAX_CALLS = 1000;

/** `SeverityNumber.WARN` and `ERROR` of OpenTelemetry. */
const WARN = 13;
const ERROR = 17;

/** What a unit of work has done so far. */
export class UnitRecord {
  readonly unit: WatchedUnit;
  /** Client spans that have ended. */
  readonly calls: SpanLike[] = [];
  lines = 0;
  warnings = 0;
  errors = 0;

  constructor(unit: WatchedUnit) {
    this.unit = unit;
  }

  addCall(call: SpanLike): void {
    if (this.calls.length < MAX_CALLS) this.calls.push(call);
  }

  addLine(severityNumber: number): void {
    this.lines++;
    if (severityNumber >= ERROR) this.errors++;
    else if (severityNumber >= WARN) this.warnings++;
  }
}
