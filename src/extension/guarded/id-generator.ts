import { randomSpanId, randomTraceId } from "../../traces/ids.ts";
import type { ExtensionReport } from "../report.ts";
import { kindOf } from "../values.ts";

interface IdGenerator {
  generateTraceId(): unknown;
  generateSpanId(): unknown;
}

const INSTEAD = "a random id is used";

/** Returns functions that create valid ids in any case. */
export function guardedIds(
  generator: unknown,
  report: ExtensionReport,
): { newTraceId(): string; newSpanId(): string } {
  const own = generator as IdGenerator;
  const create = (method: keyof IdGenerator, digits: number, random: () => string): string => {
    const what = `idGenerator.${method}`;
    let failed = true;
    const id = report.guard(what, INSTEAD, () => {
      const created = own[method]();
      failed = false;
      return created;
    });
    if (isId(id, digits)) return id;
    if (!failed) {
      const received = typeof id === "string" ? "another string" : kindOf(id);
      report.badResult(what, received, `${digits} lower-case hex digits, not all 0`, INSTEAD);
    }
    return random();
  };
  return {
    newTraceId: () => create("generateTraceId", 32, randomTraceId),
    newSpanId: () => create("generateSpanId", 16, randomSpanId),
  };
}

function isId(id: unknown, digits: number): id is string {
  return (
    typeof id === "string" && id.length === digits && /^[0-9a-f]+$/.test(id) && !/^0+$/.test(id)
  );
}
