import { recordIdsOf, type RecordIds, visibleIds } from "../../../logs/record-ids.ts";
import { containsText } from "../../../logs/line-text.ts";
import type { FastJsonLine, WinstonLine } from "./lines-in-flight.ts";

/** Returns the ids for the record of a line whose JSON was written here. */
export function idsInFastJson({ layout, text }: FastJsonLine, line: WinstonLine): RecordIds {
  const ids = recordIdsOf(line);
  const hasAll =
    (layout.hasUserId || ids.user_id === undefined) &&
    (layout.hasOrganizationId || ids.organization_id === undefined);
  return hasAll ? ids : idsAfterFormats(ids, line, (name) => layout.names.includes(name), text);
}

/**
 * Leaves out the user and the organization if one of the app's formats removed them
 * from the line. The request id stays: it identifies no person.
 */
export function idsAfterFormats(
  ids: RecordIds,
  { hasIds }: WinstonLine,
  isField: (name: string) => boolean,
  text: string | undefined,
): RecordIds {
  if (!hasIds) return ids;
  return visibleIds(
    ids,
    (name, value) =>
      name === "request_id" || isField(name) || (text !== undefined && containsText(text, value)),
  );
}
