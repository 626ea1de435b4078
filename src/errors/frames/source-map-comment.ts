/** The comments at the end of a generated file. */
export interface FileComments {
  /** URL of its source map. */
  readonly sourceMappingUrl: string | undefined;
  /** Id under which its source map was uploaded to Sentry. */
  readonly debugId: string | undefined;
}

const COMMENT = /^\s*(?:\/\/|\/\*)[#@]\s*(sourceMappingURL|debugId)=(\S+)/;
const NEWLINE = 0x0a;
/** More comments than any tool writes, with empty lines. */
const MAX_LINES = 20;

/**
 * Reads the comments at the end of a file, from its last line up to the first line of code.
 * https://tc39.es/ecma426/#sec-linking-generated-code
 *
 * @returns undefined if the bytes begin within the comments, as they do if only the end
 *   of a file was read, which contains its map.
 */
export function readComments(bytes: Buffer, isWhole: boolean): FileComments | undefined {
  const found: { sourceMappingUrl: string | undefined; debugId: string | undefined } = {
    sourceMappingUrl: undefined,
    debugId: undefined,
  };
  let end = bytes.length;
  for (let lines = 0; lines < MAX_LINES && end > 0; lines++) {
    const start = bytes.lastIndexOf(NEWLINE, end - 1) + 1;
    if (start === 0 && !isWhole) return undefined;
    const line = bytes.toString("latin1", start, end).trimEnd();
    if (line !== "" && !isComment(line)) break;
    const [, name, value] = COMMENT.exec(line) ?? [];
    if (name === "sourceMappingURL") found.sourceMappingUrl ??= value;
    if (name === "debugId" && /^[\da-f-]{32,36}$/i.test(value ?? "")) found.debugId ??= value;
    end = start - 1;
  }
  return found;
}

function isComment(line: string): boolean {
  return /^\s*(?:\/\/|\/\*)/.test(line);
}
