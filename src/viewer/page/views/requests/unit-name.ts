import type { UnitSummary } from "../../../model.ts";

/** The two texts of a unit's name: what it is, and the path as requested, if that adds anything. */
export interface NameParts {
  /** `GET`, or the kind of a message or job. */
  readonly method: string;
  readonly name: string;
  readonly path?: string;
}

export function namePartsOf({ kind, method, path, name }: UnitSummary): NameParts {
  if (method === undefined) return { method: kind, name };
  const prefix = `${method} `;
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  // Without a route a request's name is its method.
  if (rest === method) return { method, name: path ?? rest };
  return path === undefined || path === rest
    ? { method, name: rest }
    : { method, name: rest, path };
}
