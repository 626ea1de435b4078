export interface ConnectionConfig {
  readonly host?: string;
  readonly port?: number | string;
  readonly socketPath?: string;
  readonly database?: string;
}

/** Returns the attributes of a connection's server and database. */
export function addressOf({ host, port, socketPath, database }: ConnectionConfig): {
  namespace: string | undefined;
  address: string | undefined;
  port: number | undefined;
} {
  if (socketPath) return { namespace: database, address: socketPath, port: undefined };
  return { namespace: database, address: host, port: port === undefined ? port : Number(port) };
}
