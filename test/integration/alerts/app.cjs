const { sendAlert } = require("telltale");
require("./scenarios.cjs")(sendAlert)[process.argv[2]]();
