import { hostname } from "node:os";

/** Read with the first line that has such a field, since it takes a system call. */
let cachedHostname: string | undefined;

/** Whether a field repeats an attribute of the resource: the `pid` and `hostname` of this process. */
export function isResourceField(key: string, value: unknown): boolean {
  if (key === "pid") return value === process.pid;
  return key === "hostname" && value === (cachedHostname ??= hostname());
}
