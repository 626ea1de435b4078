import { readFileSync, type Stats, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { RequestListener, Server as HttpServer, ServerOptions } from "node:http";
import { createServer, type Server } from "node:https";
import type { AdminTls } from "../config/config.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";

/** How long a certificate is used before its file is looked at again. */
const CHECK_INTERVAL_MS = 1000;

/** A handshake takes three packets of a near network. */
const HANDSHAKE_TIMEOUT_MS = 5000;

/** Five times the size of a bundle of all public authorities. */
const MAX_BYTES = 1024 * 1024;

interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Creates a server with the certificate and the key of two files. They are read again
 * once they have changed, at the next connection.
 *
 * @throws `CertificateError`
 */
export function createTlsServer(
  options: ServerOptions,
  tls: AdminTls,
  diagnostics: Diagnostics,
  onRequest: RequestListener,
): HttpServer {
  const { server, signature } = createWithFiles(options, tls, onRequest);
  const renewal = new CertificateRenewal(server, tls, signature, diagnostics);
  server.on("connection", () => renewal.onConnection());
  return server;
}

function createWithFiles(
  options: ServerOptions,
  tls: AdminTls,
  onRequest: RequestListener,
): { readonly server: Server; readonly signature: string } {
  for (const [variable, path] of [
    ["TELLTALE_ADMIN_CERTIFICATE", tls.certificate],
    ["TELLTALE_ADMIN_KEY", tls.key],
  ]) {
    if (path === "") throw new CertificateError(`${variable} is missing, HTTPS requires both`);
  }
  try {
    const signature = [tls.certificate, tls.key].map((path) => signatureOf(statSync(path))).join();
    const all = { ...options, ...readPair(tls), handshakeTimeout: HANDSHAKE_TIMEOUT_MS };
    return { server: createServer(all, onRequest), signature };
  } catch (error) {
    throw new CertificateError(
      `the files of TELLTALE_ADMIN_CERTIFICATE and TELLTALE_ADMIN_KEY can't be used (${reasonOf(error)})`,
    );
  }
}

/** The files are missing or unusable. Its message has nothing of their content. */
class CertificateError extends Error {
  readonly code = "ERR_TELLTALE_CERTIFICATE";
}

/** Looks at the files at connections, at most once a second, and uses them if they have changed. */
class CertificateRenewal {
  readonly #server: Server;
  readonly #tls: AdminTls;
  readonly #diagnostics: Diagnostics;
  /** Of the files in use. */
  #signature: string;
  #checkedAt: number = performance.now();

  constructor(server: Server, tls: AdminTls, signature: string, diagnostics: Diagnostics) {
    this.#server = server;
    this.#tls = tls;
    this.#signature = signature;
    this.#diagnostics = diagnostics;
  }

  onConnection(): void {
    const now = performance.now();
    if (now - this.#checkedAt < CHECK_INTERVAL_MS) return;
    this.#checkedAt = now;
    void this.#renew();
  }

  async #renew(): Promise<void> {
    try {
      const files = await readChangedPair(this.#tls, this.#signature);
      if (files === undefined) return;
      this.#server.setSecureContext(files.pair);
      this.#signature = files.signature;
      this.#diagnostics.debug(
        "admin certificate",
        "the certificate of the admin server was renewed",
      );
    } catch (error) {
      this.#diagnostics.warn(
        "admin certificate failed",
        `the changed files of TELLTALE_ADMIN_CERTIFICATE and TELLTALE_ADMIN_KEY can't be used (${reasonOf(error)}); the previous certificate is used until they can`,
      );
    }
  }
}

/** Reads the files without blocking, unless they are those of a signature. */
async function readChangedPair(
  { certificate, key }: AdminTls,
  signature: string,
): Promise<{ readonly signature: string; readonly pair: KeyPair } | undefined> {
  const stats = await Promise.all([stat(certificate), stat(key)]);
  const current = stats.map(signatureOf).join();
  if (current === signature) return undefined;
  for (const file of stats) requireSmallFile(file);
  const [cert, privateKey] = await Promise.all([readFile(certificate), readFile(key)]);
  return { signature: current, pair: { cert, key: privateKey } };
}

/** Returns the reason without the content of the files, which the server's error may have. */
function reasonOf(error: unknown): string {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === "string" ? code : "no certificate and its key";
}

/** Reads the files for the start of the server. */
function readPair({ certificate, key }: AdminTls): KeyPair {
  for (const path of [certificate, key]) requireSmallFile(statSync(path));
  return { cert: readFileSync(certificate), key: readFileSync(key) };
}

/** Only regular files of limited size are opened: reading a pipe or a device would not end. */
function requireSmallFile(file: Stats): void {
  if (!file.isFile() || file.size > MAX_BYTES) throw new Error("no small regular file");
}

function signatureOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs}`;
}
