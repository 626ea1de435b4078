const connectionIds = new WeakMap<object, number>();
let lastId = 0;

/** Numbers connections (sockets, HTTP/2 sessions), so that requests can be told apart by them. */
export function connectionIdOf(connection: object): number {
  const id = connectionIds.get(connection) ?? ++lastId;
  connectionIds.set(connection, id);
  return id;
}
