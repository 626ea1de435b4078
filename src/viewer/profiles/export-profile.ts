import { toPprof } from "./pprof.ts";
import { callTreeOf, placesOf } from "./profile-detail.ts";
import type { RecordedProfile } from "./recorded-profile.ts";
import { toSpeedscope } from "./speedscope.ts";

export const PROFILE_FORMATS = ["cpuprofile", "heapprofile", "pprof", "speedscope"] as const;

export type ProfileFormat = (typeof PROFILE_FORMATS)[number];

/** A file of a profile. */
export interface ProfileFile {
  readonly name: string;
  readonly contentType: string;
  readonly content: Buffer;
}

/** Returns a profile as a file; undefined if a profile of its kind has no such format. */
export function exportProfile(
  recorded: RecordedProfile,
  format: ProfileFormat,
): ProfileFile | undefined {
  const { kind } = recorded.summary;
  switch (format) {
    case "cpuprofile":
      return kind === "cpu" ? jsonFile(recorded, format, recorded.profile) : undefined;
    case "heapprofile":
      return kind === "allocation" ? jsonFile(recorded, format, recorded.profile) : undefined;
    case "pprof":
    case "speedscope":
      return convertedFile(recorded, format);
  }
}

function convertedFile(
  recorded: RecordedProfile,
  format: "pprof" | "speedscope",
): ProfileFile | undefined {
  const tree = callTreeOf(recorded);
  if (tree === undefined) return undefined;
  const places = placesOf(recorded);
  if (format === "speedscope") {
    return jsonFile(recorded, "speedscope.json", toSpeedscope(recorded, tree, places));
  }
  return {
    name: fileNameOf(recorded, "pb.gz"),
    contentType: "application/octet-stream",
    content: toPprof(recorded, tree, places),
  };
}

function jsonFile(recorded: RecordedProfile, extension: string, value: unknown): ProfileFile {
  return {
    name: fileNameOf(recorded, extension),
    contentType: "application/json",
    content: Buffer.from(JSON.stringify(value)),
  };
}

/** Returns a name without characters that a shell, a header or a file system treats in its own way. */
function fileNameOf({ summary: { name, id } }: RecordedProfile, extension: string): string {
  const readable = name.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 60);
  return `${`${readable}-${id}`.replace(/^-/, "")}.${extension}`;
}
