const { addBreadcrumb, captureException, setTag, setUser } = require("../../../../dist/index.js");
const { createBarrier } = require("../../../barrier.cjs");
const winston = require("winston");

const arrive = createBarrier(Number(process.env.REQUESTS));
const log = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.Console()],
});

/** Handles one of many concurrent requests, which fails when all have reached the barrier. */
exports.failTenant = async function failTenant(tenant) {
  setUser({ id: `user-${tenant}` });
  setTag("tenant", tenant);
  addBreadcrumb({ message: `tenant ${tenant} began` });
  log.info("began", { tenant });
  await arrive();
  log.info("ends", { tenant });
  addBreadcrumb({ message: `tenant ${tenant} ends` });
  throw new Error(`tenant ${tenant}`);
};

/** Reports an error, as an app does where no framework handles it. */
exports.report = function report(error) {
  captureException(error);
};

exports.log = log;

/** Prints the ports of the app. */
exports.open = function open(ports) {
  console.log(JSON.stringify({ message: "open", ports }));
};
