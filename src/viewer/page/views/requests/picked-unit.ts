import type { UnitSummary } from "../../../model.ts";
import type { Picked } from "../../state/picked.ts";

/** A request as a side of a comparison. */
export function pickedOf({ id, name }: UnitSummary): Picked {
  return { kind: "request", id, label: `${name} (${id})` };
}
