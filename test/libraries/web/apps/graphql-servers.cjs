const { createServer } = require("node:http");
const { failTenant, open } = require("./work.cjs");

/*
 * One schema behind several GraphQL servers, without telemetry calls. Prints the
 * ports in one line.
 */

/**
 * Starts the servers. The libraries are passed as arguments, since the programs load
 * them in different module systems.
 */
exports.openServers = async function openServers({
  ApolloServer,
  startStandaloneServer,
  expressMiddleware,
  express,
  createHandler,
  graphql,
  graphql17,
}) {
  const resolvers = resolversOf(graphql.GraphQLError);
  const options = { typeDefs, resolvers, includeStacktraceInErrorResponses: false };
  const behindExpress = new ApolloServer(options);
  await behindExpress.start();
  const app = express();
  app.use("/graphql", express.json(), expressMiddleware(behindExpress));
  const { url } = await startStandaloneServer(new ApolloServer(options), {
    listen: { port: 0, host: "127.0.0.1" },
  });
  const schema = graphql.buildSchema(typeDefs);
  const root17 = rootOf(resolversOf(graphql17.GraphQLError));
  open({
    apollo: Number(new URL(url).port),
    express: await listen(app),
    http: await listen(createHandler({ schema, rootValue: rootOf(resolvers) })),
    graphql17: await listen(plainServer(graphql17, root17)),
  });
};

const typeDefs = `
  type Query {
    hello(name: String, limit: Int): String
    broken(id: ID): String
    refused: String
    forbidden: String
    missing: String
    tenant(number: Int!): String
    nothing: String!
  }
  type Mutation { rename(id: ID!, name: String!): String }
`;

function resolversOf(GraphQLError) {
  return {
    Query: {
      hello: (_parent, { name }) => `hello ${name}`,
      broken: async (_parent, { id }) => {
        throw new Error(`item ${id} is broken`);
      },
      refused: () => {
        throw new GraphQLError("not today");
      },
      forbidden: () => {
        throw new GraphQLError("not you", { extensions: { code: "FORBIDDEN" } });
      },
      missing: () => {
        throw Object.assign(new Error("no such item"), { statusCode: 404 });
      },
      tenant: (_parent, { number }) => failTenant(String(number)),
      nothing: () => null,
    },
    Mutation: { rename: (_parent, { id }) => id },
  };
}

/** Resolvers by name, for servers with a schema of GraphQL.js. */
function rootOf({ Query, Mutation }) {
  const methods = Object.entries({ ...Query, ...Mutation });
  return Object.fromEntries(
    methods.map(([name, resolve]) => [name, (args) => resolve(undefined, args)]),
  );
}

function listen(handler) {
  const server = createServer(handler);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", 1000, () => resolve(server.address().port));
  });
}

/** A minimal server of `graphql()`. */
function plainServer({ graphql, buildSchema }, rootValue) {
  const schema = buildSchema(typeDefs);
  return async (request, response) => {
    let body = "";
    for await (const part of request.setEncoding("utf8")) body += part;
    const { query: source, operationName, variables: variableValues } = JSON.parse(body);
    const result = await graphql({ schema, source, operationName, variableValues, rootValue });
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(result));
  };
}
