const { addBreadcrumb, captureException, setTag, setUser } = require("../../../../dist/index.js");
const winston = require("winston");

const count = Number(process.env.REQUESTS);
const log = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});

/** One request among `count` at once, which fails when all have got half-way. */
exports.failTenant = async function failTenant(tenant) {
  setUser({ id: `user-${tenant}` });
  setTag("tenant", tenant);
  addBreadcrumb({ message: `tenant ${tenant} came` });
  log.info("came", { tenant });
  await everybody();
  log.info("goes", { tenant });
  addBreadcrumb({ message: `tenant ${tenant} goes` });
  throw new Error(`tenant ${tenant}`);
};

/** What an app does of its own where no framework tells of an error. */
exports.report = function report(error) {
  captureException(error);
};

const waiting = [];

/**
 * Resolves when all are here, for each by another's hand, and not in the order
 * in which they came.
 */
function everybody() {
  const here = new Promise((resolve) => waiting.push(resolve));
  if (waiting.length === count) {
    for (let at = 0; at < count; at++) ways[at % ways.length](waiting[(at * 37) % count]);
    waiting.length = 0;
  }
  return here;
}

const ways = [
  (go) => go(),
  (go) => setImmediate(() => go()),
  (go) => setTimeout(() => go(), 1),
  (go) => process.nextTick(go),
  (go) => queueMicrotask(go),
  (go) => void Promise.resolve().then(go),
];

exports.log = log;

/** Says that the app is open, and on which ports. */
exports.open = function open(ports) {
  console.log(JSON.stringify({ message: "open", ports }));
};
