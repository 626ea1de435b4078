import { createLogger } from "../../../../dist/logger.js";

const logger = createLogger("api");
const { proxy, revoke } = Proxy.revocable({}, {});
revoke();
let deep = "bottom";
for (let level = 0; level < 20_000; level++) deep = { deep };
const circle = { big: 2n ** 80n, map: new Map([["a", new Set([1])]]) };
circle.self = circle;
const values = [
  proxy,
  deep,
  circle,
  {
    get secret() {
      throw new Error("unreadable");
    },
  },
  Object.freeze({ frozen: true }),
  'first\n{"level":"info","message":"forged"}\u2028\u001b[31m',
  new Error("failed\nforged", { cause: new Error("the cause") }),
  Symbol("symbol"),
  undefined,
];
for (const value of values) {
  logger.info(value);
  logger.info("line", value);
  logger.info("line", { value });
}
