import {
  compareStored,
  type ComparisonQuery,
  UnknownSideError,
} from "../comparison/compare-stored.ts";
import { get, okReply } from "./list-routes.ts";
import { checkNames, oneOf, required, textOf } from "./query-reader.ts";
import { RequestError } from "./request-error.ts";
import type { Route } from "./route.ts";

const PARAMETERS = ["before", "after", "kind", "name", "name_after"] as const;

/** The comparison of two requests, routes or runs. */
export const compareRoutes: readonly Route[] = [
  get("/api/compare", ({ query }, { store }) => {
    checkNames(query, PARAMETERS);
    const comparison: ComparisonQuery = {
      before: required("before", textOf(query, "before")),
      after: required("after", textOf(query, "after")),
      kind: required(
        "kind",
        oneOf<ComparisonQuery["kind"]>(query, "kind", ["request", "route", "run"]),
      ),
      name: textOf(query, "name"),
      nameAfter: textOf(query, "name_after"),
    };
    try {
      return okReply(compareStored(store, comparison));
    } catch (error) {
      if (error instanceof UnknownSideError) throw new RequestError(404, error.message);
      throw error;
    }
  }),
];
