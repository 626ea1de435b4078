import { setUp } from "./app.cjs";

/* For `--import`, before or after ours. */
setUp(await import(process.argv[2]));
