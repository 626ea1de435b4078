import { createHmac, timingSafeEqual } from "node:crypto";
import type { LoggerLevel } from "../../api.ts";
import { activeErrorSlot } from "../../context/unit-access.ts";

/** The header with which a caller asks for all lines of one request. */
const HEADER = "x-telltale-debug";

/** The seconds since 1970 until which the header is valid, and the HMAC of these digits in hexadecimal. */
const SIGNED = /^(\d{1,12})\.([0-9a-f]{64})$/i;

/** The longest validity, so that a header that has leaked is of no use for ever. */
const MAX_VALIDITY_S = 24 * 60 * 60;

/** Level of the loggers within a request whose header is valid. */
const LEVEL: LoggerLevel = "debug";

/**
 * Checks the signed headers of requests. A request without one, or with one that is not
 * valid, is like any other.
 */
export class RequestLevels {
  readonly #secret: string;
  /** The result for each request, which all of its lines share. */
  readonly #levels = new WeakMap<object, LoggerLevel | "own">();

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** Returns the level that the active request has asked for. Never throws. */
  activeLevel(): LoggerLevel | undefined {
    const unit = activeErrorSlot();
    if (unit === undefined) return undefined;
    let level = this.#levels.get(unit);
    if (level === undefined) {
      level = this.#isValid(headerOf(unit.arrivedRequest()?.headers)) ? LEVEL : "own";
      this.#levels.set(unit, level);
    }
    return level === "own" ? undefined : level;
  }

  #isValid(header: string | undefined): boolean {
    const [, expiry = "", signature = ""] = SIGNED.exec(header ?? "") ?? [];
    if (expiry === "") return false;
    const expected = createHmac("sha256", this.#secret).update(expiry).digest();
    const remaining = Number(expiry) - Date.now() / 1000;
    const isSigned = timingSafeEqual(expected, Buffer.from(signature, "hex"));
    return isSigned && remaining > 0 && remaining <= MAX_VALIDITY_S;
  }
}

function headerOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>> | undefined,
): string | undefined {
  const value = headers?.[HEADER];
  return typeof value === "string" ? value : undefined;
}
