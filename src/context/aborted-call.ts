/** Error of an outgoing call that was aborted before its end; the name is its `error.type`. */
export class AbortedCall extends Error {
  override name = "aborted";
}
