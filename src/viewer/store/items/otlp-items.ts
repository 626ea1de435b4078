import { attributesOf, type OtlpAttributes } from "../../../otlp/attributes.ts";
import type { OtlpSignal } from "../../../otlp/decode.ts";
import { asList, asObject, asText } from "../../../otlp/fields.ts";
import type { JsonObject } from "../../../otlp/protobuf.ts";

/** A resource or a scope with its schema, as in OTLP's JSON; objects of equal content are the same one. */
export interface Origin {
  readonly text: string;
  readonly attributes: OtlpAttributes;
  /** Of a scope. */
  readonly name: string;
}

/** A span, a log record or a metric, with where it comes from. */
export interface OtlpItem {
  readonly value: JsonObject;
  readonly resource: Origin;
  readonly scope: Origin;
}

/** Names of the lists in an export request. */
export interface SignalNames {
  readonly resources: string;
  readonly scopes: string;
  readonly items: string;
}

export const signalNames: Readonly<Record<OtlpSignal, SignalNames>> = {
  traces: { resources: "resourceSpans", scopes: "scopeSpans", items: "spans" },
  logs: { resources: "resourceLogs", scopes: "scopeLogs", items: "logRecords" },
  metrics: { resources: "resourceMetrics", scopes: "scopeMetrics", items: "metrics" },
};

/** Resources and scopes repeat in each batch; services and libraries are few. */
const MAX_ORIGINS = 2000;

/** Returns one object for equal resources and scopes, since thousands of items share them. */
export class Origins {
  #byText = new Map<string, Origin>();

  resource(group: JsonObject): Origin {
    return this.#intern({ resource: asObject(group["resource"]), ...schemaOf(group) });
  }

  scope(group: JsonObject): Origin {
    return this.#intern({ scope: asObject(group["scope"]), ...schemaOf(group) });
  }

  /** @param text of an origin that was stored. */
  fromText(text: string): Origin {
    return this.#byText.get(text) ?? this.#intern(asObject(JSON.parse(text)));
  }

  #intern(origin: JsonObject): Origin {
    const text = JSON.stringify(origin);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const described = asObject(origin["resource"] ?? origin["scope"]);
    const created = {
      text,
      attributes: attributesOf(described["attributes"]),
      name: asText(described["name"]),
    };
    if (this.#byText.size >= MAX_ORIGINS) this.#byText = new Map();
    this.#byText.set(text, created);
    return created;
  }
}

function schemaOf(group: JsonObject): JsonObject {
  const schemaUrl = asText(group["schemaUrl"]);
  return schemaUrl === "" ? {} : { schemaUrl };
}

/** Lists the items of an export request in the JSON encoding of OTLP. */
export function itemsOf(signal: OtlpSignal, request: JsonObject, origins: Origins): OtlpItem[] {
  const { resources, scopes, items } = signalNames[signal];
  const list: OtlpItem[] = [];
  for (const group of asList(request[resources])) {
    const resource = origins.resource(asObject(group));
    for (const scopeGroup of asList(asObject(group)[scopes])) {
      const scope = origins.scope(asObject(scopeGroup));
      for (const value of asList(asObject(scopeGroup)[items]))
        list.push({ value, resource, scope });
    }
  }
  return list;
}

/** Returns an id of a span or of a log record in lower case; empty if there is none. */
export function idOfItem(value: JsonObject, name: "traceId" | "spanId"): string {
  const id = asText(value[name]).toLowerCase();
  return /^0*$/.test(id) ? "" : id;
}
