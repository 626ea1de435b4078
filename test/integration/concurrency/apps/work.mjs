import { addBreadcrumb as addOwnBreadcrumb, getIsolationScope } from "@sentry/core";
import { addBreadcrumb, setOrganization, setTag, setUser } from "telltale";
import winston from "winston";
import { crowdOf } from "../../../barrier.cjs";

const everybody = crowdOf(Number(process.env.REQUESTS));
const stock = process.env.STOCK_URL;
const log = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});

/** One request among many at once, which fails when all have got half-way. */
export async function fail(tenant) {
  setUser({ id: `user-${tenant}` });
  setOrganization(`organization-${tenant}`);
  setTag("tenant", tenant);
  addBreadcrumb({ message: `tenant ${tenant} came` });
  log.info("came", { tenant });
  await everybody();
  log.info("goes on", { tenant });
  getIsolationScope().setTag("own", tenant);
  const answer = await fetch(`${stock}/${tenant}`);
  await answer.arrayBuffer();
  addOwnBreadcrumb({ message: `tenant ${tenant} goes` });
  log.info("goes", { tenant });
  throw new Error(`tenant ${tenant}`);
}

export function open(port) {
  console.log(`port ${port}`);
}
