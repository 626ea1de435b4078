import { scheduled } from "./scheduled.cjs";

const [scheduler, installed] = process.argv.slice(2);

const { job } = await import(process.env.TELLTALE);
scheduled(scheduler, await import(installed), job);
