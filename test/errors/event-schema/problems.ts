import assert from "node:assert/strict";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { ReceivedEvent, ReceivedItem } from "../../../src/testing/received.ts";
import { eventSchema } from "./event-schema.ts";
import { itemSchemas } from "./item-schemas.ts";
import type { JsonSchema } from "./json-schema.ts";

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });
const compiled = new Map<JsonSchema, ValidateFunction>();

/** Returns what is wrong with the payload of an error or a message. */
export function eventProblems(event: ReceivedEvent): string[] {
  return [...schemaProblems(eventSchema, event), ...textProblems(event), ...chainProblems(event)];
}

/** Returns what is wrong with an item, its headers and those of its envelope. */
export function itemProblems({ type, envelope, header, payload }: ReceivedItem): string[] {
  const schema = itemSchemas[type];
  if (schema === undefined) return [`${type} is no known type`];
  const body = typeof payload === "string" ? payload : JSON.stringify(payload);
  const ownId = (payload as ReceivedEvent | undefined)?.event_id;
  return [
    ...schemaProblems(schema.envelope, envelope, "envelope"),
    ...schemaProblems(schema.header, header, "header"),
    ...(schema.payload === undefined ? [] : schemaProblems(schema.payload, payload)),
    ...(schema.payload === undefined ? [] : textProblems(payload)),
    ...(type === "event" ? chainProblems(payload as ReceivedEvent) : []),
    ...(Buffer.byteLength(body) > schema.maxBytes
      ? [`has more than ${schema.maxBytes} bytes`]
      : []),
    ...(ownId === undefined || ownId === envelope["event_id"] ? [] : ["event_id is another"]),
  ];
}

/** Fails with the problems of items, and with their payloads. */
export function assertValidItems(items: readonly ReceivedItem[]): void {
  for (const item of items) {
    const problems = itemProblems(item);
    if (problems.length === 0) continue;
    assert.fail(`${item.type}: ${problems.join("; ")}\n${JSON.stringify(item).slice(0, 5000)}`);
  }
}

function schemaProblems(schema: JsonSchema, value: unknown, name = ""): string[] {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  return validate(value) ? [] : (validate.errors ?? []).map((error) => sentenceOf(error, name));
}

function sentenceOf({ instancePath, message, params, propertyName }: ErrorObject, name: string) {
  const where = [`${name}${instancePath}`, propertyName].filter(Boolean).join(" ");
  return `${where || "it"} ${message} ${JSON.stringify(params).slice(0, 200)}`;
}

/** Relay rejects an event with half a surrogate pair, which JSON can only escape. */
function textProblems(value: unknown): string[] {
  const escapes = (JSON.stringify(value) ?? "").replaceAll("\\\\", "");
  return escapes.includes("\\ud") ? ["has half a surrogate pair"] : [];
}

/** Each parent is an exception of the same event, and ids are unique. */
function chainProblems({ exception }: ReceivedEvent): string[] {
  const mechanisms = (exception?.values ?? []).map((one) => one.mechanism ?? {});
  const ids = mechanisms.map(({ exception_id: id }) => Number(id)).filter(Number.isInteger);
  const parents = mechanisms.map(({ parent_id: id }) => Number(id)).filter(Number.isInteger);
  return [
    ...(new Set(ids).size < ids.length ? [`exception_id is not unique: ${ids.join()}`] : []),
    ...parents.filter((id) => !ids.includes(id)).map((id) => `parent_id ${id} is unknown`),
  ];
}
