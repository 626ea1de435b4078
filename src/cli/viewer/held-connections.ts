import type { SourcePlace, UnitDetail } from "../../viewer/model.ts";
import { cutText, quoteName, quotePlace, TEXT_LIMITS } from "./telemetry-text.ts";
import { plural } from "./figures.ts";

/** A place in the source that had connections while a request waited for one. */
export interface HeldConnections {
  readonly pool: string;
  readonly place: string;
  readonly connections: number;
  /** How long they had been in use. */
  readonly ms: number;
  /** How long the request waited. */
  readonly waitedMs: number;
}

const PREFIX = "telltale.connection.";

/** As many as an app records. */
const MAX_PLACES = 5;

/** Number, milliseconds, and place, as the app records them. */
const HELD = /^(\d{1,9}) (\d{1,12}) (.+)$/;

/** Returns who had the connections for which requests waited: of each place the longest time. */
export function heldConnections(units: readonly UnitDetail[]): HeldConnections[] {
  const byPlace = new Map<string, HeldConnections>();
  for (const unit of units) {
    for (const held of heldIn(unit)) {
      const key = `${held.pool}\n${held.place}`;
      const known = byPlace.get(key);
      if (known === undefined || held.ms > known.ms) byPlace.set(key, held);
    }
  }
  return [...byPlace.values()].toSorted((a, b) => b.ms - a.ms);
}

function heldIn(unit: UnitDetail): HeldConnections[] {
  const folder = projectFolderOf(unit);
  return unit.spans.flatMap(({ attributes }) => {
    const held = attributes[`${PREFIX}held`];
    if (!Array.isArray(held)) return [];
    return held.slice(0, MAX_PLACES).flatMap((text) => {
      const [, count, ms, place = ""] = HELD.exec(String(text).slice(0, 4096)) ?? [];
      if (count === undefined) return [];
      return {
        pool: cutText(String(attributes[`${PREFIX}pool`]), TEXT_LIMITS.name),
        place: cutText(
          place.startsWith(folder) ? place.slice(folder.length) : place,
          TEXT_LIMITS.path,
        ),
        ...{ connections: Number(count), ms: Number(ms) },
        waitedMs: Number(attributes[`${PREFIX}wait_ms`]) || 0,
      };
    });
  });
}

/** Returns the folder of the project with a slash, by a place in it; empty if none is known. */
function projectFolderOf({ spans, errors }: UnitDetail): string {
  const places: readonly (SourcePlace | undefined)[] = [
    ...spans.map(({ place }) => place),
    ...errors.flatMap(({ frames }) => frames),
  ];
  const inside = places.find(
    (place) =>
      place !== undefined && place.file !== place.shown && place.file.endsWith(place.shown),
  );
  return inside === undefined ? "" : inside.file.slice(0, -inside.shown.length);
}

export function heldLine({ pool, place, connections, ms, waitedMs }: HeldConnections): string {
  return (
    `${plural(connections, "connection")} of ${quoteName(pool)} taken at ${quotePlace(place)} ` +
    `${connections === 1 ? "was" : "were"} not returned for up to ${ms} ms, while a request waited ${waitedMs} ms`
  );
}
