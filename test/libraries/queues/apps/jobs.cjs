const [scheduler, installed] = process.argv.slice(2);

const library = require(installed);
void import(process.env.TELLTALE).then(({ job }) => {
  require("./scheduled.cjs").scheduled(scheduler, library, job);
});
