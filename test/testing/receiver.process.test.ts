import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { makeSpans } from "../export/telemetry.ts";

const main = fileURLToPath(new URL("../../src/testing/main.ts", import.meta.url));

describe("The receiver as a process", () => {
  it("prints its addresses, and offers faults and received items over HTTP", async () => {
    const child = spawn(process.execPath, [main, "--grpc-port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { url, grpcUrl, dsn } = JSON.parse(line.toString()) as Record<string, string>;
    assert.match(`${url} ${grpcUrl} ${dsn}`, /^http:\S+ http:\S+ http:\/\/key@127.0.0.1:\d+\/1$/);
    const faults = [{ kind: "status", status: 503, times: 1 }];
    await fetch(`${url}/faults`, { method: "PUT", body: JSON.stringify(faults) });
    assert.equal(await sendSpans(`${url}`, 2), 503);
    assert.equal(await sendSpans(`${url}`, 2), 200);
    const sentry = { items: 0, events: 0, feedback: 0, checkIns: 0, sessions: 0, clientReports: 0 };
    const counts = { spans: 2, logs: 0, metrics: 0, ...sentry, requests: 2 };
    assert.deepEqual(await getJson(`${url}/received`), counts);
    await fetch(`${url}/received`, { method: "DELETE" });
    assert.deepEqual(await getJson(`${url}/received/spans`), []);
    child.kill();
    await once(child, "close");
  });
});

async function sendSpans(url: string, count: number): Promise<number> {
  const { status } = await fetch(`${url}/v1/traces`, {
    method: "POST",
    body: ProtobufTraceSerializer.serializeRequest(makeSpans(count)) ?? null,
    headers: { "content-type": "application/x-protobuf" },
  });
  return status;
}

async function getJson(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}
