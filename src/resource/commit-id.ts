/** Whether a text is an object id of git, of SHA-1 or SHA-256. */
export function isCommitId(text: string): boolean {
  return /^(?:[\da-f]{40}|[\da-f]{64})$/.test(text);
}
