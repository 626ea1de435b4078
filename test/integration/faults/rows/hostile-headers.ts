type Headers = Readonly<Record<string, string>>;

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

/** Headers of requests that break code which trusts them. */
export const hostileHeaders: Readonly<Record<"ids" | "baggage", readonly Headers[]>> = {
  ids: [
    { traceparent: `00-${traceId}-${spanId}-01${"-x".repeat(3000)}` },
    { traceparent: `00-${"0".repeat(32)}-${spanId}-01` },
    { traceparent: `ff-${traceId}-${spanId}-01` },
    { traceparent: "\u00ff\u00fe" },
    { traceparent: `00-${traceId}-${spanId}-01`, tracestate: "a=b,".repeat(1500) },
    { traceparent: `00-${traceId}-${spanId}-01`, tracestate: "=,=,;;\u00e4" },
    { "sentry-trace": "x".repeat(5000), baggage: "sentry-trace_id=x" },
    { b3: "1-1-1-1-1-1" },
    { "uber-trace-id": "%".repeat(1000) },
    { "x-request-id": "<script>".repeat(500) },
    { "x-forwarded-for": ",".repeat(5000), forwarded: 'for="[::"' },
    { "user-agent": "\u001b[31m".slice(1).repeat(1000) },
  ],
  baggage: [
    { baggage: "a=b,".repeat(2000) },
    { baggage: `key=${"v".repeat(9000)}` },
    { baggage: "%%%=%%%,=;=,;;;" },
    { baggage: "__proto__=polluted,constructor=polluted,toString=polluted" },
    { baggage: "a=%FF%FE%00" },
    { baggage: `${"k;p=v".repeat(1000)}=v` },
  ],
};
