/** Returns the message of an error of the file system, which has its code and the path. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
