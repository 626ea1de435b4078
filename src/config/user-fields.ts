import { isSecretKey } from "../secrets.ts";
import type { ReportIssue } from "./issue.ts";
import { formatMasked, quote } from "./mask.ts";

/** The name of a property, in any script. */
const FIELD_NAME = /^(?!__)[\p{L}_$][\p{L}\p{N}_$-]{0,63}$/u;

/**
 * Parses a list of fields of a user. A name that looks like that of a secret is not
 * accepted: its values would be in events.
 */
export function parseUserFields(names: readonly string[], report: ReportIssue): readonly string[] {
  const fields = new Set<string>();
  for (const name of names) {
    if (name.toLowerCase() === "none") continue;
    if (!FIELD_NAME.test(name)) {
      report({ received: formatMasked(name), expected: NAMES, used: "the other fields" });
    } else if (isSecretKey(name)) {
      const expected = "fields that are no secrets";
      report({ received: quote(name), expected, used: "the other fields" });
    } else fields.add(name);
  }
  return [...fields];
}

const NAMES = "names of fields like id,email,username";
