import { main } from "./app.cjs";

await main(await import(process.argv[2]));
