// Adds a health check of a resource that is available until SIGUSR2.
import { addHealthCheck } from "../../../../dist/index.js";

let isAvailable = true;
addHealthCheck({
  name: "database",
  intervalMs: Number(process.env.CHECK_INTERVAL ?? 1000),
  run: async () => ({ status: isAvailable ? "pass" : "fail", detail: { host: "db1" } }),
});
process.on("SIGUSR2", () => {
  isAvailable = false;
  console.log("unavailable");
});
setInterval(() => {}, 1000);
console.log("ready");
