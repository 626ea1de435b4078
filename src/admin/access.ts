import type { AdminAccess, SecretSource } from "../config/config.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { isSameSecret, parseAuthorization } from "../replies/credentials.ts";
import { type HttpReply, textReply } from "../replies/http-reply.ts";
import { SecretFile } from "./secret-file.ts";

/** Returns a secret, or undefined while it can't be read. */
type SecretReader = () => Promise<string | undefined>;

/** Checks the credentials of requests for the admin server's pages. */
export class AccessControl {
  readonly #access: AdminAccess;
  readonly #readToken: SecretReader | undefined;
  readonly #readPassword: SecretReader | undefined;

  constructor(access: AdminAccess, diagnostics: Diagnostics) {
    this.#access = access;
    this.#readToken = readerOf(access.token, diagnostics);
    this.#readPassword = readerOf(access.user?.password, diagnostics);
  }

  /** Whether the pages of probes require credentials too. */
  get includesProbes(): boolean {
    return this.#access.includesProbes;
  }

  /**
   * Checks the credentials of a request.
   *
   * @param header the `Authorization` header.
   * @returns the response that rejects the request, or undefined.
   */
  async rejection(header: string | undefined): Promise<HttpReply | undefined> {
    const { scheme, credentials } = parseAuthorization(header);
    if (scheme === "bearer" && (await this.#isToken(credentials))) return undefined;
    if (scheme === "basic" && (await this.#isUser(credentials))) return undefined;
    return textReply(401, "Valid credentials are required.\n", {
      "www-authenticate": this.#challenges().join(", "),
    });
  }

  async #isToken(given: string): Promise<boolean> {
    const token = await this.#readToken?.();
    return token !== undefined && isSameSecret(given, token);
  }

  async #isUser(given: string): Promise<boolean> {
    const password = await this.#readPassword?.();
    const { user } = this.#access;
    if (user === undefined || password === undefined) return false;
    return isSameSecret(Buffer.from(given, "base64").toString(), `${user.name}:${password}`);
  }

  /** Returns the schemes of the credentials that are accepted. */
  #challenges(): string[] {
    return [
      ...(this.#access.token === undefined ? [] : ['Bearer realm="telltale"']),
      ...(this.#access.user === undefined ? [] : ['Basic realm="telltale", charset="UTF-8"']),
    ];
  }
}

function readerOf(
  source: SecretSource | undefined,
  diagnostics: Diagnostics,
): SecretReader | undefined {
  if (source === undefined) return undefined;
  if ("text" in source) return async () => source.text;
  const file = new SecretFile(source, diagnostics);
  return () => file.read();
}
