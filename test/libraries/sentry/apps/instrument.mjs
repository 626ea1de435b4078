import { setUp } from "./app.cjs";

/* For `--import`, before or after telltale. */
setUp(await import(process.argv[2]));
