import { createServer } from "node:http";
import { listening } from "../../frameworks/apps/work.mjs";
import { handlers, thrown } from "./thrown.mjs";

/** Serves one schema with the server that is loaded: Apollo, graphql-http, or `graphql()` itself. */
export async function serve(libraries) {
  const { graphql } = libraries;
  const options = { schema: schemaOf(graphql), rootValue: rootOf(graphql) };
  if (libraries.standalone !== undefined) return serveApollo(libraries, options);
  const handler = libraries.handler
    ? libraries.handler.createHandler({ ...options, context: contextOf })
    : plainHandler(graphql, options);
  return listening(createServer(handler).listen(0, "127.0.0.1"));
}

async function serveApollo({ apollo, standalone }, options) {
  // Requests with GET come from no browser here.
  const server = new apollo.ApolloServer({ ...options, csrfPrevention: false, logger: silent });
  const { url } = await standalone.startStandaloneServer(server, {
    listen: { port: 0, host: "127.0.0.1" },
    context: ({ req }) => contextOf(req),
  });
  return { port: new URL(url).port };
}

const noop = () => {};
const silent = { debug: noop, info: noop, warn: noop, error: noop };

/** A minimal server of `graphql()`. */
function plainHandler({ graphql }, options) {
  return async (request, response) => {
    const { searchParams } = new URL(request.url, "http://localhost");
    try {
      contextOf(request);
      const result = await graphql({ ...options, source: searchParams.get("query") });
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(result));
    } catch {
      response.writeHead(500).end();
    }
  };
}

/** The context of a request. */
function contextOf(request) {
  const query = new URL(request.url ?? request.raw.url, "http://localhost").searchParams.get(
    "query",
  );
  const [, value] = /\{context\(value:"(\w+)"/.exec(query) ?? [];
  if (value !== undefined) throw thrown(value, "context");
  return {};
}

function schemaOf({ buildSchema }) {
  const places = [...Object.keys(handlers), "replied", "client", "context"];
  const fields = places.map((place) => `${place}(value: String!): String`);
  const schema = buildSchema(`
    scalar Broken
    type Query {
      ${fields.join("\n")}
      scalar(value: String!): Broken
    }
  `);
  const scalar = schema.getType("Broken");
  const serialize = (value) => {
    throw thrown(value, "scalar");
  };
  // The name until version 16, and the one since.
  Object.assign(scalar, { serialize, coerceOutputValue: serialize });
  return schema;
}

function rootOf({ GraphQLError }) {
  const resolvers = Object.entries(handlers).map(([place, handle]) => [
    place,
    ({ value }) => handle(value, () => "sent"),
  ]);
  return {
    ...Object.fromEntries(resolvers),
    scalar: ({ value }) => value,
    replied: ({ value }) => thrown(value, "replied"),
    client: ({ value }) => {
      const originalError = thrown(value, "client");
      throw new GraphQLError("refused", { originalError, extensions: { code: "FORBIDDEN" } });
    },
    context: () => "sent",
  };
}
