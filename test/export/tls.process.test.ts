import assert from "node:assert/strict";
import type { OtlpConfig } from "../../src/config/config.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { nonZeroCounts, createTestPipeline, noTls, otlpConfig } from "./test-pipeline.ts";
import { runExportProcess } from "./export-process.ts";

type Tls = OtlpConfig["tls"];

interface Row {
  readonly title: string;
  /** The collector's certificate, and whether it requires one of the client. */
  readonly peer: (
    certificates: Certificates,
  ) => { key: string; cert: string; ca?: string } | undefined;
  readonly tls: (certificates: Certificates) => Tls;
  /** The log line; undefined for success. */
  readonly line?: RegExp;
  /** Where the configured address and the collector disagree on TLS. */
  readonly scheme?: "http" | "https";
}

const rows: readonly Row[] = [
  {
    title: "whose authority is configured",
    peer: ({ server }) => server,
    tls: ({ ca }) => ({ ...noTls, ca }),
  },
  {
    title: "whose authority is unknown",
    peer: ({ server }) => server,
    tls: () => noTls,
    line: /its certificate is not trusted \(\w+\)/,
  },
  {
    title: "with the certificate of another host",
    peer: ({ otherHost }) => otherHost,
    tls: ({ ca }) => ({ ...noTls, ca }),
    line: /its certificate is not trusted \(ERR_TLS_CERT_ALTNAME_INVALID\)/,
  },
  {
    title: "that requires a client certificate and gets one",
    peer: ({ server, ca }) => ({ ...server, ca }),
    tls: ({ ca, client }) => ({ ca, ...client }),
  },
  {
    title: "that requires a client certificate and gets none",
    peer: ({ server, ca }) => ({ ...server, ca }),
    tls: ({ ca }) => ({ ...noTls, ca }),
    line: /it requires a client certificate that it trusts|closed before an answer/,
  },
  {
    title: "without TLS, where TLS is configured",
    peer: () => undefined,
    tls: ({ ca }) => ({ ...noTls, ca }),
    scheme: "https",
    line: /no TLS connection \(\w+\); http:\/\/ or https:\/\/ mixed up\?|closed before an answer/,
  },
  {
    title: "with an invalid certificate file",
    peer: ({ server }) => server,
    tls: () => ({ ...noTls, ca: "no PEM", cert: "no PEM", key: "no PEM" }),
    line: /cannot send spans to https:/,
  },
];

describe("A collector with TLS", () => {
  let certificates: Certificates;
  const receivers: Receiver[] = [];

  before(() => {
    certificates = makeCertificates();
  });
  afterEach(async () => {
    await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
  });

  for (const protocol of ["http/protobuf", "grpc"] as const) {
    for (const { title, peer, tls, line, scheme } of rows) {
      it(`${title}, over ${protocol}`, async () => {
        const serverTls = peer(certificates);
        const receiver = await startReceiver({
          grpcPort: 0,
          ...(serverTls === undefined ? {} : { tls: serverTls }),
        });
        receivers.push(receiver);
        const address = (protocol === "grpc" ? receiver.grpcUrl : receiver.url) ?? "";
        const url = scheme === undefined ? address : address.replace(/^\w+/, scheme);
        const config = { protocol, tls: tls(certificates), timeoutMs: 10_000 };
        const { batch, counters, lines, addSpans } = createTestPipeline(otlpConfig(url, config));
        addSpans(3);
        await batch.flush(20_000);
        assert.deepEqual(nonZeroCounts(counters), line === undefined ? { sent: 3 } : { failed: 3 });
        assert.equal(receiver.spans.length, line === undefined ? 3 : 0);
        assert.equal(lines.length, line === undefined ? 0 : 1, lines.join(""));
        assert.match(lines.join(""), line ?? /^$/);
      });
    }

    it(`gets the items that are queued at process exit, over ${protocol}`, async () => {
      const receiver = await startReceiver({
        grpcPort: 0,
        tls: { ...certificates.server, ca: certificates.ca },
      });
      receivers.push(receiver);
      const url = (protocol === "grpc" ? receiver.grpcUrl : receiver.url) ?? "";
      const otlp = { protocol, tls: { ca: certificates.ca, ...certificates.client } };
      const { report, stderr } = await runExportProcess({ url, count: 100, end: "exit", otlp })
        .ended;
      assert.equal(stderr, "");
      assert.deepEqual(report.counts, { sent: 100 });
      assert.equal(receiver.spans.length, 100);
    });
  }

  for (const host of ["localhost", "[::1]"]) {
    it(`is reached at ${host}`, async () => {
      const receiver = await startReceiver({
        grpcPort: 0,
        tls: certificates.server,
        host: host === "[::1]" ? "::1" : "127.0.0.1",
      });
      receivers.push(receiver);
      for (const [address, protocol] of [
        [receiver.url, "http/protobuf"],
        [receiver.grpcUrl ?? "", "grpc"],
      ] as const) {
        const url = address.replace("127.0.0.1", host);
        const tls = { ...noTls, ca: certificates.ca };
        const { batch, counters, addSpans } = createTestPipeline(
          otlpConfig(url, { protocol, tls }),
        );
        addSpans(3);
        await batch.flush(20_000);
        assert.deepEqual(nonZeroCounts(counters), { sent: 3 }, `${host} ${protocol}`);
      }
    });
  }

  for (const protocol of ["http/protobuf", "grpc"] as const) {
    it(`that hangs does not keep the process alive, over ${protocol}`, async () => {
      const receiver = await startReceiver({ grpcPort: 0, tls: certificates.server });
      receivers.push(receiver);
      receiver.setFaults({ kind: "hang" });
      const url = ((protocol === "grpc" ? receiver.grpcUrl : receiver.url) ?? "").replace(
        "127.0.0.1",
        "localhost",
      );
      const otlp = { protocol, tls: { ...noTls, ca: certificates.ca }, timeoutMs: 60_000 };
      // The first 512 are in flight when nothing else keeps the process alive.
      const { report } = await runExportProcess({ url, count: 600, otlp, deadlineMs: 100 }).ended;
      assert.ok(report.blockedMs < 8000, `held ${report.blockedMs} ms`);
    });
  }
});
