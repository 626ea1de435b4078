const connectionIds = new WeakMap<object, number>();
let lastId = 0;

/** Returns a number that identifies a connection (a socket or an HTTP/2 session). */
export function connectionIdOf(connection: object): number {
  const id = connectionIds.get(connection) ?? ++lastId;
  connectionIds.set(connection, id);
  return id;
}
