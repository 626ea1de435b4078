const { fork } = require("node:child_process");

/* A server that forks a process without a server before it listens. */
if (process.argv[2] === "helper") {
  setInterval(() => {}, 1000);
} else {
  fork(__filename, ["helper"]);
  setTimeout(() => require("./app.cjs"), 300);
}
