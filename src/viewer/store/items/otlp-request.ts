import type { OtlpSignal } from "../../../otlp/decode.ts";
import type { JsonObject } from "../../../otlp/protobuf.ts";
import { type OtlpItem, signalNames } from "./otlp-items.ts";

type Values = OtlpItem["value"][];

/** Returns an export request as a line of JSON. */
export function requestText(signal: OtlpSignal, items: readonly OtlpItem[]): string {
  return JSON.stringify(requestOf(signal, items));
}

/**
 * Returns an export request in the JSON encoding of OTLP. Items of one resource and scope
 * are in one list, in their order.
 */
export function requestOf(signal: OtlpSignal, items: readonly OtlpItem[]): JsonObject {
  const { resources, scopes, items: itemsName } = signalNames[signal];
  const groups = new Map<string, Map<string, Values>>();
  for (const { value, resource, scope } of items) {
    const ofResource = groups.get(resource.text) ?? new Map<string, Values>();
    groups.set(resource.text, ofResource);
    const ofScope = ofResource.get(scope.text) ?? [];
    ofResource.set(scope.text, ofScope);
    ofScope.push(value);
  }
  return {
    [resources]: Array.from(groups, ([resource, ofResource]) => ({
      ...fieldsOf(resource),
      [scopes]: Array.from(ofResource, ([scope, values]) => ({
        ...fieldsOf(scope),
        [itemsName]: values,
      })),
    })),
  };
}

function fieldsOf(origin: string): object {
  return JSON.parse(origin) as object;
}
