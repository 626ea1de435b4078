import { crc32 } from "node:zlib";

/** An envelope with what its file's name contains. */
export interface StoredEnvelope {
  /** Epoch milliseconds of its creation, for the order. */
  readonly time: number;
  /** The `event_id`, 32 hexadecimal digits. */
  readonly id: string;
  readonly category: StoredCategory;
  /** Number of its attachments, which are lost with it. */
  readonly attachments: number;
  readonly body: Uint8Array;
}

/** Sentry's categories of what is stored. */
export type StoredCategory = "error" | "feedback";

/** The parts of a file's name. */
export interface StoredFile {
  readonly name: string;
  readonly time: number;
  readonly id: string;
  readonly category: StoredCategory;
  readonly attachments: number;
  readonly bytes: number;
  /** CRC-32 of the content, as 8 hexadecimal digits. */
  readonly checksum: string;
  /** Id of the owner; see `owner.ts`. */
  readonly owner: string;
  /** Whether it is being written, or the process ended while it was. */
  readonly isTemporary: boolean;
}

const pattern =
  /^(\d{13})_([0-9a-f]{32})_(error|feedback)(?:-(\d{1,4}))?_(\d{1,9})_([0-9a-f]{8})\.([0-9a-f]{16})\.envelope(\.tmp\d?)?$/;

/** Returns undefined for a file that is not an envelope. */
export function parseFileName(name: string): StoredFile | undefined {
  const [, time, id, category, attachments = 0, bytes, checksum, owner, temporary] =
    pattern.exec(name) ?? [];
  if (id === undefined || checksum === undefined || owner === undefined) return undefined;
  return {
    name,
    time: Number(time),
    id,
    category: category as StoredCategory,
    attachments: Number(attachments),
    bytes: Number(bytes),
    checksum,
    owner,
    isTemporary: temporary !== undefined,
  };
}

export function describeFile(
  { time, id, category, attachments, body }: StoredEnvelope,
  owner: string,
): StoredFile {
  const checksum = crc32(body).toString(16).padStart(8, "0");
  return withName({
    ...{ time: Math.min(Math.max(time, 0), MAX_TIME), id, category },
    attachments: Math.min(attachments, MAX_ATTACHMENTS),
    ...{ bytes: body.length, checksum, owner, isTemporary: false },
  });
}

const MAX_TIME = 9_999_999_999_999;
const MAX_ATTACHMENTS = 9_999;

/** Returns the file under the name that it has in the possession of another owner. */
export function withOwner(file: StoredFile, owner: string): StoredFile {
  return withName({ ...file, owner, isTemporary: false });
}

function withName(file: Omit<StoredFile, "name">): StoredFile {
  const { time, id, category, attachments, bytes, checksum, owner } = file;
  const kind = attachments === 0 ? category : `${category}-${attachments}`;
  const parts = [String(time).padStart(13, "0"), id, kind, bytes, checksum];
  return { ...file, name: `${parts.join("_")}.${owner}.envelope` };
}

/** Whether the content is what was written: a file is cut off or empty if the machine failed before it was on disk. */
export function isIntact(file: StoredFile, content: Uint8Array): boolean {
  return (
    content.length === file.bytes && crc32(content).toString(16).padStart(8, "0") === file.checksum
  );
}
