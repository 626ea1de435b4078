import { createHash, timingSafeEqual } from "node:crypto";

/** Compares digests, whose time depends neither on the length nor on the content of the secret. */
export function isSameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

/** Whether an `Authorization` header has a bearer token. No header has an empty one. */
export function hasBearerToken(header: string | undefined, token: string): boolean {
  const { scheme, credentials } = parseAuthorization(header);
  return token !== "" && scheme === "bearer" && isSameSecret(credentials, token);
}

/** Splits an `Authorization` header into its scheme, in lower case, and the credentials. */
export function parseAuthorization(header: string | undefined): {
  readonly scheme: string;
  readonly credentials: string;
} {
  const [scheme = "", credentials = ""] = (header ?? "").split(" ", 2);
  return { scheme: scheme.toLowerCase(), credentials };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
