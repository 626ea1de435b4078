const { once } = require("node:events");
const pino = require(process.argv[2]);

/* Logs lines of all levels to transports whose targets accept some of them. */
const target = { target: "pino/file", options: { destination: "/dev/null" } };
const file = require.resolve(`${process.argv[2]}/file.js`);
const targetsOf = (...levels) => ({
  targets: levels.map((level) => ({ ...target, target: file, ...(level && { level }) })),
});
const transports = {
  "error and warn": pino.transport(targetsOf("error", "warn")),
  "warn and no level": pino.transport(targetsOf("warn", undefined)),
  "a custom level": pino.transport({ ...targetsOf("error", "loud"), levels: { loud: 45 } }),
  "one target": pino.transport({ ...target, target: file }),
};

async function run() {
  // A transport's thread doesn't keep the process running.
  const waiting = setInterval(() => {}, 1000);
  for (const [name, transport] of Object.entries(transports)) {
    const logger = pino({ level: "debug" }, transport);
    for (const level of ["debug", "info", "warn", "error"]) logger[level](`${name}: ${level}`);
    transport.end();
    await once(transport, "close");
  }
  clearInterval(waiting);
}

void run();
