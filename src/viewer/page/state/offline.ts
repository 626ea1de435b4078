import type { OfflineData } from "../../model.ts";

/** The data of an exported file, which shows one request without a server. */
export const offline: OfflineData | undefined = readOffline();

function readOffline(): OfflineData | undefined {
  const text = document.getElementById("telltale-data")?.textContent;
  return text ? (JSON.parse(text) as OfflineData) : undefined;
}
