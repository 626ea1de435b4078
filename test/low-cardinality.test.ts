import assert from "node:assert/strict";
import { lowCardinality } from "../src/low-cardinality.ts";

/** Names chosen by people. */
const chosen = [
  ...["", "orders", "orders-v2", "orders.created.v2", "OrderItemAdded", "user_events", "eu-west-1"],
  ...["orders-2024", "orders_2024_11", "orders-2026-11-29", "http2-test", "sha256", "ipv4"],
  ...["utf8mb4_general", "my-queue-1", "shard-12", "IoTEvents", "payments.dlq", "retry-5m"],
  ...["CustomerOrderLineItemUpdatedV2", "OAuth2TokenIssuedV1", "GraphQLAPIEvents"],
  ...["XMLHTTPRequestQueue", "b2b-p2p-orders", "k8s-events", "a1b2", "v1beta1", "base64"],
  ...["__consumer_offsets", "amq.topic", "amq.direct", "amq.default", "Ordres.\u00e9t\u00e9"],
  ...["10.42.3.17", "localhost", "api.example.com", "s3.eu-central-1.amazonaws.com"],
  ...["kafka-0.kafka.svc.cluster.local", "ip-172-31-45-6", "%24aws", "(anonymous)"],
];

/** Names with a generated part. */
const generated: readonly (readonly [name: string, label: string])[] = [
  ["3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4b", "*"],
  ["reply-3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4b", "reply-*"],
  ["orders-3F2B8C1E-9D4A-4E7B-8A6F-0C5D1E2F3A4B-dlq", "orders-*-dlq"],
  ["celeryev.3f2b8c1e-9d4a-4e7b-8a6f-0c5d1e2f3a4b", "celeryev.*"],
  ["amq.gen-JzTY20BRgKO-HjmUJj0wLg", "(anonymous)"],
  ["amq.rabbitmq.reply-to.g1h2AAZyZXBseUAzMzYyODEwMAAA", "(anonymous)"],
  ["ex:amq.gen-abc:q", "ex:(anonymous):q"],
  ["spring.gen-OHwZ8r2LQZ6ePHv0bFgA5w", "spring.gen-*"],
  ["V1StGXR8_Z5jdHi6B-myT", "*"],
  ["reply-V1StGXR8_Z5jdHi6B-myT", "reply-*"],
  ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "*"],
  ["cjld2cjxh0000qzrmn831i7rn", "*"],
  ["orders-7d9f8b6c5d-x2k4q.orders.svc", "orders-*.orders.svc"],
  ["bus-HOST1_dotnet_bus_xyyoyyf3kbyyr8ksbdqm1k4jzp", "bus-HOST1_dotnet_bus_*"],
  ["tmp_1732890000123", "tmp_*"],
  ["job_1700000000000_abc", "job_*_abc"],
  ["orders.20261129", "orders.*"],
  ["session:9f86d081884c7d65", "session:*"],
  ["abcdef0123456789", "*"],
  ["3f2a9c1b7d4e", "*"],
  ["tenant-4b2c9d8e7f6a", "tenant-*"],
  ["client-65f1c2a9e4b0d1f2a3b4c5d6", "client-*"],
  ["d111111abcdef8.cloudfront.net", "*.cloudfront.net"],
  ["xk7Qp2Zw9Lm4", "*"],
  [`long-${"x".repeat(400)}`, `long-${"x".repeat(250)}`],
];

describe("A name as a label", () => {
  for (const name of chosen) {
    it(`keeps a chosen name: "${name}"`, () => assert.equal(lowCardinality(name), name));
  }
  for (const [name, label] of generated) {
    it(`loses its generated parts: "${name.slice(0, 60)}"`, () =>
      assert.equal(lowCardinality(name), label));
  }
  it("is one of a few for thirty thousand random names", () => {
    const labels = new Set<string>();
    for (let at = 0; at < 10_000; at++) {
      labels.add(lowCardinality(`reply.${crypto.randomUUID()}`));
      labels.add(lowCardinality(`reply.${crypto.randomUUID().replaceAll("-", "")}`));
      labels.add(lowCardinality(`reply.${1_700_000_000_000 + at}`));
    }
    assert.deepEqual([...labels], ["reply.*"]);
  });
});
