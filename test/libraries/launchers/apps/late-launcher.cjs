const { spawn } = require("node:child_process");

/* As `nest start` does: compiles for some seconds, then starts the app. */
setTimeout(() => spawn(process.execPath, [`${__dirname}/app.cjs`], { stdio: "inherit" }), 2000);
