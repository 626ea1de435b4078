import type { TextMapSetter } from "@opentelemetry/api";
import type { PropagationHeaders } from "./messaging.ts";

/** Sets propagation headers by their names in lower case. */
export const propagationHeaderSetter: TextMapSetter<PropagationHeaders> = {
  set(headers, name, value) {
    (headers as Record<string, string>)[name.toLowerCase()] = value;
  },
};
