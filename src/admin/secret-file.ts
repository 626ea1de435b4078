import { readFile, stat } from "node:fs/promises";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { MIN_SECRET_LENGTH } from "../config/admin/secret-length.ts";

/** The variable that names a file, and its path. */
interface SecretFileOptions {
  readonly variable: string;
  readonly file: string;
}

/** How long a secret is used before its file is read again. */
const MAX_AGE_MS = 1000;

/** More than any secret has. */
const MAX_BYTES = 65_536;

/** A secret in a file, which is read again after a second: a renewed one needs no restart. */
export class SecretFile {
  readonly #options: SecretFileOptions;
  readonly #diagnostics: Diagnostics;
  #secret: Promise<string | undefined> | undefined = undefined;
  #readAt = -Infinity;

  constructor(options: SecretFileOptions, diagnostics: Diagnostics) {
    this.#options = options;
    this.#diagnostics = diagnostics;
  }

  /** Returns the secret without white space at its ends, or undefined if the file has none. */
  read(): Promise<string | undefined> {
    const now = performance.now();
    if (this.#secret === undefined || now - this.#readAt >= MAX_AGE_MS) {
      this.#readAt = now;
      this.#secret = this.#readNow();
    }
    return this.#secret;
  }

  async #readNow(): Promise<string | undefined> {
    const { variable, file } = this.#options;
    const problem = await stat(file).then(
      (found) => (found.isFile() && found.size <= MAX_BYTES ? undefined : "it is no small file"),
      codeOf,
    );
    const text = problem ?? (await readFile(file, "utf8").then((read) => ({ read }), codeOf));
    const secret = typeof text === "object" ? text.read.trim() : "";
    if (secret.length >= MIN_SECRET_LENGTH) return secret;
    const why =
      typeof text === "object" ? `it has less than ${MIN_SECRET_LENGTH} characters` : text;
    this.#diagnostics.warn(
      `secret ${variable}`,
      `${variable}: the secret can't be read from the file (${why}); requests are rejected until it can`,
    );
    return undefined;
  }
}

function codeOf(error: unknown): string {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === "string" ? code : "unreadable";
}
