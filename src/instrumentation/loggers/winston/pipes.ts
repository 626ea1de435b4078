import { isObject, type WinstonLogger } from "./winston-info.ts";

/** Returns the streams that read from a logger: its transports, other loggers, any other. */
export function pipesOf({ _readableState: { pipes } }: WinstonLogger): readonly object[] {
  if (Array.isArray(pipes)) return pipes.filter(isObject);
  return isObject(pipes) ? [pipes] : [];
}
