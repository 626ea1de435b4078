import { scheduled } from "./scheduled.cjs";

const [scheduler, installed, named] = process.argv.slice(2);

const { job } = await import(process.env.TELLTALE);
const wrap = named === "job" ? job : (_name, work) => work;
const options = named === "options" ? { name: "nightly-report" } : undefined;
const library = await import(installed);
scheduled(scheduler, library.default?.schedule ? library.default : library, wrap, options);
