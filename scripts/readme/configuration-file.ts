import { configuration } from "../../src/config/file/schema/configuration.ts";
import type { Key, Kind, MapKind } from "../../src/config/file/value-kinds.ts";

/** Renders all keys of the schema, with what telltale supports of them, by their maps. */
export function configurationFileTable(): string {
  const maps = mapsIn(configuration).filter(({ keys }) => Object.keys(keys).length > 0);
  const lines = maps.flatMap(({ name, keys }) =>
    Object.entries(keys).map(([key, value]) => row(name, key, value)),
  );
  const counts = ["yes", "partly", "no"].map((level) => {
    const count = maps
      .flatMap(({ keys }) => Object.values(keys))
      .filter((key) => key.support.level === level).length;
    return `${count} ${level}`;
  });
  return [
    `Of ${lines.length} keys: ${counts.join(", ")}.`,
    "",
    "| Type | Key | Supported | Note |",
    "| --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

function row(type: string, key: string, { support, renamedTo }: Key): string {
  const note = renamedTo === undefined ? support.note : `version 1.0; \`${renamedTo}\` in 1.1`;
  return `| ${type} | \`${key}\` | ${support.level} | ${note ?? ""} |`;
}

/** Returns the maps of a kind, each once, in the order of their first use. */
function mapsIn(kind: Kind, seen = new Map<string, MapKind>()): readonly MapKind[] {
  if (kind.kind === "lazy") return mapsIn(kind.of(), seen);
  if (kind.kind === "list") return mapsIn(kind.item, seen);
  if (kind.kind !== "map" || seen.has(kind.name)) return [...seen.values()];
  seen.set(kind.name, kind);
  for (const key of Object.values(kind.keys)) mapsIn(key.kind, seen);
  return [...seen.values()];
}
