import { propertyOf } from "../../property.ts";
import type { FrameworkUser, UserReader } from "../../context/unit-views.ts";

/** Names that frameworks, strategies and tokens have for the fields of Sentry's user. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  id: ["id", "sub", "_id", "userId", "user_id", "uid"],
  email: ["email", "emailAddress", "email_address", "mail"],
  username: ["username", "userName", "preferred_username", "login", "nickname", "user"],
  name: ["name", "displayName", "display_name"],
};

/** Longer values identify no user. */
const MAX_VALUE_LENGTH = 200;

/**
 * Creates a reader of the user that a framework, or an authentication library, has put on
 * its request. Only the named fields are read of it, and only their simple values taken.
 */
export function createUserReader(fields: readonly string[]): UserReader {
  const wanted = fields.map((field) => ({ field, names: ALIASES[field] ?? [field] }));
  return (request, frameworkRequest) => {
    if (frameworkRequest !== undefined) {
      const user = userOn(frameworkRequest, wanted);
      if (user !== undefined) return user;
    }
    return request === undefined ? undefined : userOn(request, wanted);
  };
}

interface WantedField {
  readonly field: string;
  /** Its possible names, in order of preference. */
  readonly names: readonly string[];
}

/** Returns the fields of the first user that has any. */
function userOn(request: object, wanted: readonly WantedField[]): FrameworkUser | undefined {
  for (const place of PLACES) {
    const user = place(request);
    if (user === undefined || user === null) continue;
    const fields = typeof user === "object" ? fieldsOf(user, wanted) : idOf(user, wanted);
    if (fields !== undefined) return fields;
  }
  return undefined;
}

type Place = (request: object) => unknown;

/** Places of the user on the request or context of a framework. */
const PLACES: readonly Place[] = [
  // Passport, Nest's guards, @fastify/jwt, @fastify/passport.
  (request) => propertyOf(request, "user"),
  // Koa: koa-passport, koa-jwt.
  (request) => propertyOf(propertyOf(request, "state"), "user"),
  // Hapi: the credentials, or what Bell and others have in them.
  (request) => propertyOf(credentialsOf(request), "user"),
  (request) => propertyOf(credentialsOf(request), "profile"),
  credentialsOf,
  // express-oauth2-jwt-bearer; then express-jwt, express-basic-auth.
  (request) => propertyOf(propertyOf(request, "auth"), "payload"),
  (request) => propertyOf(request, "auth"),
  // Hono. Not by `get`, which reads a header in Express.
  (request) => propertyOf(propertyOf(request, "var"), "user"),
  (request) => propertyOf(propertyOf(request, "var"), "jwtPayload"),
  // express-openid-connect.
  (request) => propertyOf(propertyOf(request, "oidc"), "user"),
];

function credentialsOf(request: object): unknown {
  return propertyOf(propertyOf(request, "auth"), "credentials");
}

function fieldsOf(user: object, wanted: readonly WantedField[]): FrameworkUser | undefined {
  let fields: Record<string, string> | undefined;
  for (const { field, names } of wanted) {
    const value = firstText(user, names) ?? (field === "email" ? profileEmail(user) : undefined);
    if (value !== undefined) (fields ??= {})[field] = value;
  }
  return fields;
}

/** Returns the user where a framework has its id only. */
function idOf(user: unknown, wanted: readonly WantedField[]): FrameworkUser | undefined {
  const id = wanted.some(({ field }) => field === "id") ? textOf(user) : undefined;
  return id === undefined ? undefined : { id };
}

function firstText(user: object, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = textOf(propertyOf(user, name));
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Returns the first address of a profile of Passport. */
function profileEmail(user: object): string | undefined {
  const [first] = asArray(propertyOf(user, "emails"));
  return textOf(propertyOf(first, "value"));
}

function asArray(value: unknown): readonly unknown[] {
  try {
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/** Returns a simple value, or the id of MongoDB, as text. */
function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value === "" || value.length > MAX_VALUE_LENGTH ? undefined : value;
    case "number":
      return Number.isFinite(value) ? String(value) : undefined;
    case "bigint":
      return textOf(value.toString());
    case "object":
      return value === null ? undefined : objectIdText(value);
    default:
      return undefined;
  }
}

function objectIdText(id: object): string | undefined {
  const toHexString = propertyOf(id, "toHexString");
  if (typeof toHexString !== "function") return undefined;
  try {
    const hex: unknown = Reflect.apply(toHexString, id, []);
    return typeof hex === "string" && /^[\da-f]{24}$/.test(hex) ? hex : undefined;
  } catch {
    return undefined;
  }
}
