const numbers = new WeakMap<object, number>();
let last = 0;

/** Numbers connections (sockets, HTTP/2 sessions), so that requests can be told apart by them. */
export function numberOf(connection: object): number {
  const number = numbers.get(connection) ?? ++last;
  numbers.set(connection, number);
  return number;
}
