/** Returns the result of a function that reads foreign values, such as errors of an app; undefined if it throws. */
export function tryRead<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
