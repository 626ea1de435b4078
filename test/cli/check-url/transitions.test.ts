import assert from "node:assert/strict";
import { NEW_STATE, type UrlState } from "../../../src/cli/check-url/state-file.ts";
import { afterCheck, afterExpiry, afterNotice } from "../../../src/cli/check-url/transitions.ts";

const MINUTE_MS = 60_000;

interface Row {
  readonly title: string;
  /** One letter for each check, a minute apart: `u` up, `d` down. */
  readonly checks: string;
  /** The checks at which an alert is sent, from 1 on. */
  readonly notices: readonly string[];
  /** The checks whose alert the receiver does not take. */
  readonly refused?: readonly number[];
}

const rows: readonly Row[] = [
  { title: "always up", checks: "uuuu", notices: [] },
  { title: "two failures", checks: "uddu", notices: [] },
  { title: "failures that are not in a row", checks: "dduddudd", notices: [] },
  { title: "three failures", checks: "ddd", notices: ["3 down"] },
  { title: "a long outage", checks: "dddddddd", notices: ["3 down"] },
  { title: "an outage and its end", checks: "ddddduuu", notices: ["3 down", "6 recovered"] },
  {
    title: "two outages",
    checks: "ddduddd",
    notices: ["3 down", "4 recovered", "7 down"],
  },
  {
    title: "an alert that is refused twice",
    checks: "dddddd",
    notices: ["3 down", "4 down", "5 down"],
    refused: [3, 4],
  },
  {
    title: "an alert that is refused until the end of the outage",
    checks: "dddduu",
    notices: ["3 down", "4 down"],
    refused: [3, 4],
  },
  {
    title: "a recovery that is refused",
    checks: "ddduuu",
    notices: ["3 down", "4 recovered", "5 recovered"],
    refused: [4],
  },
];

describe("The checks of a URL", () => {
  for (const { title, checks, notices, refused = [] } of rows) {
    it(`send an alert after three failures, and at the recovery: ${title}`, () => {
      let state: UrlState = NEW_STATE;
      const sent: string[] = [];
      checks.split("").forEach((letter, index) => {
        const rules = { failures: 3, now: (index + 1) * MINUTE_MS };
        const next = afterCheck(state, { isUp: letter === "u" }, rules);
        ({ state } = next);
        if (next.notice === undefined) return;
        sent.push(`${index + 1} ${next.notice}`);
        state = afterNotice(state, next.notice, !refused.includes(index + 1));
      });
      assert.deepEqual(sent, notices);
    });
  }

  const down = { isUp: false };
  const up = { isUp: true };

  it("leave an alert to the process that is sending it, and send it if that takes too long", () => {
    const sending: UrlState = { ...NEW_STATE, failures: 3, alert: "sending", alertAt: 0 };
    const soon = { failures: 3, now: MINUTE_MS };
    const late = { failures: 3, now: 11 * MINUTE_MS };
    assert.equal(afterCheck(sending, down, soon).notice, undefined);
    assert.equal(afterCheck(sending, up, soon).notice, undefined);
    assert.equal(afterCheck(sending, down, late).notice, "down");
    const recovering: UrlState = { ...NEW_STATE, alert: "recovering", alertAt: 0 };
    assert.equal(afterCheck(recovering, up, soon).notice, undefined);
    assert.equal(afterCheck(recovering, up, late).notice, "recovered");
  });

  it("keep the start of the failures until the recovery is sent, and not longer", () => {
    const rules = (now: number): { failures: number; now: number } => ({ failures: 1, now });
    const failing = afterNotice(afterCheck(NEW_STATE, down, rules(10)).state, "down", true);
    const refused = afterNotice(afterCheck(failing, up, rules(20)).state, "recovered", false);
    assert.equal(refused.failingSince, 10);
    assert.equal(afterCheck(refused, down, rules(30)).state.failingSince, 10);
    const sent = afterNotice(afterCheck(refused, up, rules(30)).state, "recovered", true);
    assert.equal(afterCheck(sent, down, rules(40)).state.failingSince, 40);
    assert.equal(afterCheck(sent, up, rules(40)).state.failingSince, undefined);
  });

  it("warn once of each certificate, and again if the warning was not sent", () => {
    const warned = afterExpiry(NEW_STATE, 1000);
    assert.equal(warned.notice, "certificate");
    assert.equal(
      afterExpiry(afterNotice(warned.state, "certificate", true), 1000).notice,
      undefined,
    );
    assert.equal(
      afterExpiry(afterNotice(warned.state, "certificate", false), 1000).notice,
      "certificate",
    );
    assert.equal(afterExpiry(warned.state, 2000).notice, "certificate");
  });
});
