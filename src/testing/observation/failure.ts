import { fileURLToPath } from "node:url";

/** An expectation that is not met. No `AssertionError`: jest shows the operands of those, which are none here. */
class UnmetExpectation extends Error {
  override readonly name = "UnmetExpectation";
}

/** Creates the error of a failed assertion, with the line of the test that has called `caller`. */
export function failure(message: string, caller: (...args: never[]) => unknown): Error {
  return prepareFailure(caller)(message);
}

/** As `failure`, where the assertion fails later: its caller is only on the stack at first. */
export function prepareFailure(caller: (...args: never[]) => unknown): (message: string) => Error {
  const captured: { stack?: string } = {};
  Error.captureStackTrace(captured, caller);
  const { stack = "" } = captured;
  return (message) => {
    const place = placeOfTest(stack);
    const line = place === undefined ? "" : `\n  in the test: ${place}`;
    const error = new UnmetExpectation(message + line);
    const frames = stack.indexOf("\n    at ");
    error.stack = `${error.name}: ${error.message}${frames === -1 ? "" : stack.slice(frames)}`;
    return error;
  };
}

function placeOfTest(stack: string): string | undefined {
  const own = placesIn(new Error().stack)[0]?.replace(LINE, "");
  const places = placesIn(stack);
  return places.find((place) => place.replace(LINE, "") !== own);
}

const LINE = /:\d+$/;

/** Returns `file:line` of the frames of a stack outside of Node, innermost first. */
export function placesIn(stack: string | undefined): string[] {
  const lines = stack?.split("\n").filter((line) => line.startsWith("    at ")) ?? [];
  return lines.flatMap((line) => {
    const open = line.lastIndexOf("(");
    const position = open === -1 ? line.replace(BEFORE_PLACE, "") : line.slice(open + 1, -1);
    const place = position.slice(0, position.lastIndexOf(":"));
    if (place.startsWith("node:") || !LINE.test(place)) return [];
    return [place.startsWith("file:") ? fileURLToPath(place) : place];
  });
}

const BEFORE_PLACE = /^ {4}at (?:async )?/;
