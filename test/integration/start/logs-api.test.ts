import assert from "node:assert/strict";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { node } from "../../nodes.ts";
import { preload } from "../program.ts";
import { runApp, appTelemetryEnv } from "./run.ts";

describe("The logs API and the former package of it", () => {
  it("create records within the trace of the request", async () => {
    const receiver = await startReceiver();
    const env = await appTelemetryEnv(receiver);
    const ended = await runApp({ app: "logs-api.mjs", node, flags: preload.import, env });
    await receiver.settled();
    await receiver.close();
    assert.deepEqual([ended.stdout, ended.stderr, ended.code], ["hello\n", "", 0]);
    const server = receiver.spans.find(({ kind }) => kind === "SERVER");
    const records = receiver.logs.map(({ scope, body, severityNumber, severityText, ...rest }) => ({
      scope: [scope.name, scope.version],
      body,
      severity: [severityNumber, severityText],
      attributes: rest.attributes["a"],
      ofTheRequest: rest.traceId === server?.traceId && rest.spanId === server.spanId,
    }));
    assert.deepEqual(records, [
      {
        scope: ["newer", "1.0.0"],
        body: "by the newer",
        severity: [9, ""],
        attributes: 1,
        ofTheRequest: true,
      },
      {
        scope: ["older", ""],
        body: { by: "the older" },
        severity: [17, "ERROR"],
        attributes: undefined,
        ofTheRequest: true,
      },
    ]);
  });
});
