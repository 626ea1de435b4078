import { isSecretKey } from "../secrets.ts";
import type { DataCollectionName } from "./config.ts";
import type { ReportIssue } from "./issue.ts";
import { formatMasked, quote } from "./mask.ts";

const NOT_COLLECTED = "telltale collects no such data";

/**
 * Parses a list of options of Sentry's `dataCollection`.
 *
 * @param parseNames parses a list of the given names; the second are not supported, for a reason.
 */
export function parseDataCollection(
  parseNames: (
    names: readonly DataCollectionName[],
    unsupported: Readonly<Record<string, string>>,
  ) => readonly DataCollectionName[] | undefined,
): readonly DataCollectionName[] | undefined {
  return parseNames(["userInfo", "cookies", "httpHeaders", "httpBodies", "urlQueryParams"], {
    graphql: NOT_COLLECTED,
    genai: NOT_COLLECTED,
    mcp: NOT_COLLECTED,
    databasequerydata: NOT_COLLECTED,
    queues: NOT_COLLECTED,
    framecontextlines: "source lines are always added",
    stackframevariables: "they would make every thrown error slower",
  });
}

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
