import { nextRows } from "./next.ts";
import { describeErrorSources } from "./suite.ts";

describe("Each error in a Next app is exactly one event, if it is one, in", () => {
  describeErrorSources(nextRows);
});
