/** Something that the reader can mend: its message is all that is shown. */
export class UserError extends Error {
  override readonly name = "Complaint";
}
