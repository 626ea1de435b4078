import { failingTests, passingTests } from "./shop-tests.mjs";

/* Prints what the tests report, and the warnings, as JSON. */
const warnings = [];
process.on("warning", ({ code, message }) => warnings.push(`${code}: ${message}`));
const { startShop } = await import("./app.mjs");
const shop = await startShop();
const reports = { failing: {}, passing: {}, warnings };
const groups = { failing: failingTests, passing: passingTests };
for (const [group, testsOf] of Object.entries(groups)) {
  for (const [title, test] of testsOf(() => shop.url)) {
    reports[group][title] = await test().then(
      () => "passed",
      (error) => error.message,
    );
  }
}
await shop.stop();
console.log(JSON.stringify(reports));
