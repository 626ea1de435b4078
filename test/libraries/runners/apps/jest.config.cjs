const { withTelltale } = require("telltale/testing/jest");

module.exports = withTelltale({
  testMatch: ["<rootDir>/*.spec.cjs"],
  moduleFileExtensions: ["js", "mjs", "cjs", "json"],
  testTimeout: 300_000,
});
