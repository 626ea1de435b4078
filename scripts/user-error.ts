/** An error that the user can correct; only its message is shown. */
export class UserError extends Error {
  override readonly name = "UserError";
}
