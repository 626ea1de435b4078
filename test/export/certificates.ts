import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A key and a certificate as PEM. */
export interface Certificates {
  readonly ca: string;
  /** For 127.0.0.1, ::1 and localhost. */
  readonly server: { readonly key: string; readonly cert: string };
  /** For another host. */
  readonly otherHost: { readonly key: string; readonly cert: string };
  readonly client: { readonly key: string; readonly cert: string };
  /** As `server`, but not valid any more. */
  readonly expired: { readonly key: string; readonly cert: string };
}

/**
 * Creates an authority and certificates that it signs. Requires `openssl`.
 *
 * @param others hosts of the certificate `otherHost`.
 */
export function makeCertificates(...others: readonly string[]): Certificates {
  const hosts = others.length === 0 ? ["elsewhere.example"] : others;
  const folder = mkdtempSync(join(tmpdir(), "telltale-certificates-"));
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  };
  const sign = (name: string, extension: string, days = "2"): { key: string; cert: string } => {
    writeFileSync(join(folder, `${name}.ext`), extension);
    openssl(
      "req",
      "-new",
      ...newKey,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
      "-subj",
      `/CN=${name}`,
    );
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      days,
      "-extfile",
      `${name}.ext`,
      "-out",
      `${name}.pem`,
    );
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
  };
  try {
    openssl(
      "req",
      "-x509",
      ...newKey,
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-days",
      "2",
      "-subj",
      "/CN=test authority",
    );
    return {
      ca: read("ca.pem"),
      server: sign("server", LOCAL_NAMES),
      otherHost: sign(
        "elsewhere",
        `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(",")}`,
      ),
      client: sign("client", "extendedKeyUsage=clientAuth"),
      // Valid for the second in which it is made.
      expired: sign("expired", LOCAL_NAMES, "0"),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const LOCAL_NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1";

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
