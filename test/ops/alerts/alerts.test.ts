import assert from "node:assert/strict";
import { contextOf } from "../../../src/ops/alerts/alert-context.ts";
import { commonAlerts } from "../../../src/ops/alerts/alerts.ts";
import { defaultOptions } from "../../../src/ops/options/ops-options.ts";

describe("the table of alerts", () => {
  it("has each name once", () => {
    const names = commonAlerts.map(({ name }) => name);
    assert.deepEqual([...new Set(names)], names);
  });

  for (const alert of commonAlerts) {
    it(`has a test in which ${alert.name} fires, one in which it does not, and one without traffic`, () => {
      const { fires, silent, noTraffic } = alert.scenarios(contextOf(alert, defaultOptions));
      assert.notEqual(fires.length, 0);
      // The watchdog always fires.
      if (alert.name === "Watchdog") return;
      for (const list of [silent, noTraffic]) assert.notEqual(list.length, 0);
    });

    it(`has a runbook of ${alert.name} with three queries, causes and steps`, () => {
      const { queries, causes, steps } = alert.runbook;
      assert.equal(queries.length, 3);
      assert.ok(causes.length > 1 && steps.length > 1);
    });

    it(`names only alerts of the table that make ${alert.name} needless`, () => {
      const names = commonAlerts.map(({ name }) => name);
      for (const name of alert.inhibitedBy ?? []) assert.ok(names.includes(name), name);
    });
  }
});
