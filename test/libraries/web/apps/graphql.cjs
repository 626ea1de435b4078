const { ApolloServer } = require("@apollo/server");
const { startStandaloneServer } = require("@apollo/server/standalone");
const { expressMiddleware } = require("@as-integrations/express5");
const express = require("express");
const { buildSchema, GraphQLError } = require("graphql");
const { createHandler } = require("graphql-http/lib/use/http");
const graphql17 = require("graphql17");
const {
  openServers,
  plainServer,
  resolversOf,
  rootOf,
  typeDefs,
} = require("./graphql-servers.cjs");

async function main() {
  const resolvers = resolversOf(GraphQLError);
  const options = { typeDefs, resolvers, includeStacktraceInErrorResponses: false };
  const behindExpress = new ApolloServer(options);
  await behindExpress.start();
  const app = express();
  app.use("/graphql", express.json(), expressMiddleware(behindExpress));
  const { url } = await startStandaloneServer(new ApolloServer(options), {
    listen: { port: 0, host: "127.0.0.1" },
  });
  openServers({
    apollo: Number(new URL(url).port),
    express: app,
    http: createHandler({ schema: buildSchema(typeDefs), rootValue: rootOf(resolvers) }),
    graphql17: plainServer(
      graphql17.graphql,
      graphql17.buildSchema(typeDefs),
      rootOf(resolversOf(graphql17.GraphQLError)),
    ),
  });
}

main();
