const { addBreadcrumb, captureException, setTag, setUser } = require("../../../../dist/index.js");
const { crowdOf } = require("../../../barrier.cjs");
const winston = require("winston");

const everybody = crowdOf(Number(process.env.REQUESTS));
const log = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});

/** One request among many at once, which fails when all have got half-way. */
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

exports.log = log;

/** Says that the app is open, and on which ports. */
exports.open = function open(ports) {
  console.log(JSON.stringify({ message: "open", ports }));
};
