import { readFileSync, statSync } from "node:fs";
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
  let checkedAt = performance.now();
  const { server, ...files } = createWithFiles(options, tls, onRequest);
  let { signature } = files;
  server.on("connection", () => {
    const now = performance.now();
    if (now - checkedAt < CHECK_INTERVAL_MS) return;
    checkedAt = now;
    signature = renew(server, tls, signature, diagnostics);
  });
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
    const signature = signatureOf(tls);
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

/** Uses the files if they have changed. Returns the signature of the files in use. Never throws. */
function renew(server: Server, tls: AdminTls, signature: string, diagnostics: Diagnostics): string {
  try {
    const current = signatureOf(tls);
    if (current === signature) return signature;
    server.setSecureContext(readPair(tls));
    diagnostics.debug("admin certificate", "the certificate of the admin server was renewed");
    return current;
  } catch (error) {
    diagnostics.warn(
      "admin certificate failed",
      `the changed files of TELLTALE_ADMIN_CERTIFICATE and TELLTALE_ADMIN_KEY can't be used (${reasonOf(error)}); the previous certificate is used until they can`,
    );
    return signature;
  }
}

/** Returns the reason without the content of the files, which the server's error may have. */
function reasonOf(error: unknown): string {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === "string" ? code : "no certificate and its key";
}

function readPair({ certificate, key }: AdminTls): KeyPair {
  return { cert: readSmallFile(certificate), key: readSmallFile(key) };
}

/** Opens only regular files of limited size: a pipe would block the app. */
function readSmallFile(path: string): Buffer {
  const file = statSync(path);
  if (!file.isFile() || file.size > MAX_BYTES) throw new Error("no small regular file");
  return readFileSync(path);
}

function signatureOf({ certificate, key }: AdminTls): string {
  return [certificate, key]
    .map((path) => {
      const { ino, size, mtimeMs } = statSync(path);
      return `${ino} ${size} ${mtimeMs}`;
    })
    .join();
}
