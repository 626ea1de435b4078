const [scheduler, installed, named] = process.argv.slice(2);

const library = require(installed);
void import(process.env.TELLTALE).then(({ job }) => {
  const wrap = named === "job" ? job : (_name, work) => work;
  const options = named === "options" ? { name: "nightly-report" } : undefined;
  require("./scheduled.cjs").scheduled(scheduler, library, wrap, options);
});
