import type { WebApp } from "./app.ts";
import type { GraphqlServer } from "./rows.ts";

export interface GraphqlCase {
  readonly title: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  /** Undefined where nothing was executed. */
  readonly type?: "query" | "mutation";
  readonly name?: string;
  readonly document?: string;
  /** Messages of the events; undefined: the server has not failed. */
  readonly failures?: readonly string[];
}

/** Requests to each server of `apps/graphql-servers.cjs`, and what their spans record. */
export const graphqlCases: readonly GraphqlCase[] = [
  {
    title: "an operation with a name, without its literals",
    query: `# for Ann
query Greet { hello(name: "Ann \\"A\\" Example", limit: -12) }`,
    type: "query",
    name: "Greet",
    document: "query Greet { hello(name: ?, limit: ?) }",
  },
  {
    title: "an operation without a name",
    query: `{ hello(name: """of
several lines""") }`,
    type: "query",
    document: "{ hello(name: ?) }",
  },
  {
    title: "a mutation, with variables",
    query: "mutation Rename($id: ID!, $name: String!) { rename(id: $id, name: $name) }",
    variables: { id: "1", name: "secret" },
    type: "mutation",
    name: "Rename",
    document: "mutation Rename($id: ID!, $name: String!) { rename(id: $id, name: $name) }",
  },
  {
    title: "one of several operations",
    query: 'query One { hello } mutation Two { rename(id: 7, name: "x") }',
    operationName: "Two",
    type: "mutation",
    name: "Two",
    document: "query One { hello } mutation Two { rename(id: ?, name: ?) }",
  },
  {
    title: "a resolver that throws",
    query: `query Broken { broken(id: 7) hello(name: "x") }`,
    type: "query",
    name: "Broken",
    document: "query Broken { broken(id: ?) hello(name: ?) }",
    failures: ["item 7 is broken"],
  },
  {
    title: "several resolvers that throw, each of which is a failure",
    query: "query Twice { one: broken(id: 1) two: broken(id: 2) }",
    type: "query",
    name: "Twice",
    document: "query Twice { one: broken(id: ?) two: broken(id: ?) }",
    failures: ["item 1 is broken", "item 2 is broken"],
  },
  {
    title: "null for a field that is not nullable",
    query: "{ nothing }",
    type: "query",
    document: "{ nothing }",
    failures: ["Cannot return null for non-nullable field Query.nothing."],
  },
  {
    title: "an error of a resolver for the client",
    query: "{ refused forbidden missing }",
    type: "query",
    document: "{ refused forbidden missing }",
  },
  {
    title: "a variable of the wrong type",
    query: "query Tenant($number: Int!) { tenant(number: $number) }",
    variables: { number: "seven" },
    type: "query",
    name: "Tenant",
    document: "query Tenant($number: Int!) { tenant(number: $number) }",
  },
  { title: "an unknown field", query: "{ absent }" },
  { title: "a text that is not GraphQL", query: "{ hello(" },
];

/** Sends an operation to a server of the app. Returns the status of the response. */
export async function postOperation(
  app: WebApp,
  server: GraphqlServer,
  { query, variables, operationName }: Partial<GraphqlCase>,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const response = await fetch(`${app.url(server)}${server === "express" ? "/graphql" : "/"}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", ...headers },
    body: JSON.stringify({ query, variables, operationName }),
  });
  await response.arrayBuffer();
  return response.status;
}
