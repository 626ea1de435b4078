import { socketRows } from "./sockets.ts";
import { describeErrorSources } from "./suite.ts";

describe("Each error is exactly one event, if it is one, in", () => {
  describeErrorSources(socketRows);
});
