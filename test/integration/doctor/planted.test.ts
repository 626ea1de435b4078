import assert from "node:assert/strict";
import { type FindingId, findingRows } from "../../../src/cli/doctor/finding-rows.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { type Certificates, makeCertificates } from "../../export/certificates.ts";
import { planted } from "./planted.ts";
import { runDoctor } from "./setup.ts";

/** Findings of what can't be planted without a fault of telltale, Node or the host. */
const UNPLANTED: readonly FindingId[] = [
  "endpoint-in-container",
  "library-failed",
  "message",
  "prometheus-page",
  "request-without-span",
  "telemetry-dropped",
];

describe("telltale doctor, in a set-up with a mistake", function () {
  let receiver: Receiver;
  let certificates: Certificates;

  before(async () => {
    receiver = await startReceiver();
    certificates = makeCertificates();
  });

  after(() => receiver.close());

  for (const row of planted) {
    it(`finds ${row.title}, and what to do`, async () => {
      const { findings, code, stderr } = await runDoctor(row, { receiver, certificates });
      const found = findings.find(({ id }) => row.finds.includes(id));
      assert.ok(found, `${row.finds.join(" or ")}: ${JSON.stringify(findings)}\n${stderr}`);
      assert.match(found.remedy, row.remedy);
      assert.equal(code, findings.every(({ severity }) => severity === "info") ? 0 : 1);
      assert.doesNotMatch(JSON.stringify(findings), /\{\w+\}|undefined|"\?/);
    });
  }

  it("has a set-up for each of its findings", () => {
    const found = new Set(planted.flatMap(({ finds }) => finds));
    const missing = Object.keys(findingRows).filter((id) => !found.has(id as FindingId));
    assert.deepEqual(
      missing.filter((id) => !UNPLANTED.includes(id as FindingId)),
      [],
    );
  });
});
