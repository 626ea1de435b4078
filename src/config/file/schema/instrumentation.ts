import {
  any,
  flag,
  integer,
  type Key,
  type Kind,
  limited,
  list,
  map,
  type MapKind,
  no,
  partly,
  quietlyNot,
  requiredText,
  text,
  yes,
} from "../value-kinds.ts";

const semconv = map("ExperimentalSemconvConfig", {
  version: limited(integer(0), quietlyNot("the newest stable names are recorded")),
  experimental: limited(flag, quietlyNot("the newest stable names are recorded")),
  dual_emit: limited(flag, no("only the stable names are recorded", false)),
});

function domain(name: string, keys: Readonly<Record<string, Kind>> = {}): MapKind {
  return map(name, { semconv, ...keys });
}

const headers = limited(list(requiredText), no("headers are not recorded on spans"));
const http = {
  request_captured_headers: headers,
  response_captured_headers: headers,
  known_methods: limited(
    list(requiredText, 0),
    partly("servers and clients share one list, that of `server` if both are set"),
  ),
};

const general = map("ExperimentalGeneralInstrumentation", {
  http: domain("ExperimentalHttpInstrumentation", {
    client: map("ExperimentalHttpClientInstrumentation", http),
    server: map("ExperimentalHttpServerInstrumentation", http),
  }),
  code: domain("ExperimentalCodeInstrumentation"),
  db: domain("ExperimentalDbInstrumentation"),
  gen_ai: domain("ExperimentalGenAiInstrumentation"),
  messaging: domain("ExperimentalMessagingInstrumentation"),
  rpc: domain("ExperimentalRpcInstrumentation"),
  sanitization: map("ExperimentalSanitization", {
    url: map("ExperimentalUrlSanitization", {
      sensitive_query_parameters: limited(
        list(requiredText, 0),
        partly("added to the policy of [Redaction](redaction.md), whose own names stay"),
      ),
    }),
  }),
  stability_opt_in_list: limited(text, partly("only the stable names are recorded")),
});

const otherLanguage: Key = limited(
  map("ExperimentalLanguageSpecificInstrumentation", {}, { others: "all" }),
  quietlyNot("another language"),
);

/** Options of any names, which are checked when they are applied. */
const ofThisLanguage: Key = limited(
  map("ExperimentalLanguageSpecificInstrumentation", {}, { others: "all" }),
  yes,
);

const otherLanguages: readonly string[] = [
  ...["cpp", "dotnet", "erlang", "go", "java", "php", "python", "ruby", "rust", "swift"],
];

export const instrumentation: MapKind = map("ExperimentalInstrumentation", {
  general,
  js: ofThisLanguage,
  ...Object.fromEntries(otherLanguages.map((name) => [name, otherLanguage])),
});

export const distribution: MapKind = map(
  "Distribution",
  { telltale: limited(any, yes) },
  { others: "all" },
);
