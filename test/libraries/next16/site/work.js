import winston from "winston";

export { fail } from "./tenants.mjs";

export const log = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});

/** Calls the stock service. */
export async function shelfOf(id) {
  const answer = await fetch(`${process.env.STOCK_URL}/shelves/${id}`, { cache: "no-store" });
  const { shelf } = await answer.json();
  return shelf;
}
