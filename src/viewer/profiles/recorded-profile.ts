import type { ProfileSummary } from "../model.ts";
import type { MappedPosition } from "../../profiling/mapped-positions.ts";

/** A profile as it was recorded, and what is known of it. */
export interface RecordedProfile {
  readonly summary: ProfileSummary;
  /** What V8 has recorded: the content of a `.cpuprofile` or a `.heapprofile`. */
  readonly profile: unknown;
  readonly projectFolder: string | undefined;
  readonly mapped: readonly MappedPosition[];
}

/**
 * Returns a profile as the store has it.
 *
 * @param content what the app has sent: what V8 has recorded, and original places
 * @param projectFolder absolute path
 */
export function recordedProfile(
  summary: ProfileSummary,
  content: object,
  projectFolder: string | undefined,
): RecordedProfile {
  const { profile, mapped } = content as { readonly profile?: unknown; readonly mapped?: unknown };
  const positions = Array.isArray(mapped) ? (mapped as unknown[]) : [];
  return { summary, profile, projectFolder, mapped: positions.filter(isMappedPosition) };
}

const TEXTS = ["url", "file"] as const;
const NUMBERS = ["line", "column", "originalLine", "originalColumn"] as const;

function isMappedPosition(value: unknown): value is MappedPosition {
  if (typeof value !== "object" || value === null) return false;
  const position = value as Readonly<Record<string, unknown>>;
  return (
    TEXTS.every((key) => typeof position[key] === "string") &&
    NUMBERS.every((key) => Number.isSafeInteger(position[key]))
  );
}
