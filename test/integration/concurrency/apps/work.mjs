import { addBreadcrumb as addOwnBreadcrumb, getIsolationScope } from "@sentry/core";
import {
  addBreadcrumb,
  lastEventId,
  setExtra,
  setExtras,
  setOrganization,
  setTag,
  setTags,
  setUser,
  withIsolationScope,
} from "telltale";
import winston from "winston";
import { createBarrier } from "../../../barrier.cjs";

const arrive = createBarrier(Number(process.env.REQUESTS));
const stock = process.env.STOCK_URL;
const log = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});

/** Handles one of many concurrent requests, which fails when all have reached the barrier. */
export async function fail(tenant) {
  setUser({ id: `user-${tenant}` });
  setOrganization(`organization-${tenant}`);
  setTag("tenant", tenant);
  setExtra("part", tenant);
  addBreadcrumb({ message: `tenant ${tenant} began` });
  log.info("began", { tenant });
  await withIsolationScope(async (scope) => {
    setTags({ inner: tenant });
    scope.setUser({ id: `inner-${tenant}` });
    await arrive();
  });
  log.info("continues", { tenant });
  setTags({ region: `region-${tenant}` });
  setExtras({ before: lastEventId() ?? "no event" });
  getIsolationScope().setTag("own", tenant);
  const response = await fetch(`${stock}/${tenant}`);
  await response.arrayBuffer();
  addOwnBreadcrumb({ message: `tenant ${tenant} ends` });
  log.info("ends", { tenant });
  throw new Error(`tenant ${tenant}`);
}

export function open(port) {
  console.log(`port ${port}`);
}
