import { withTelltale } from "telltale/testing/jest";

// oxlint-disable-next-line import/no-default-export
export default withTelltale({
  testMatch: ["<rootDir>/*.spec.mjs"],
  moduleFileExtensions: ["js", "mjs", "cjs", "json"],
  testTimeout: 300_000,
  transform: {},
});
