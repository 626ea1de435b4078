import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { expressMiddleware } from "@as-integrations/express5";
import express from "express";
import { buildSchema, GraphQLError } from "graphql";
import { createHandler } from "graphql-http/lib/use/http";
import * as graphql17 from "graphql17";
import { openServers, plainServer, resolversOf, rootOf, typeDefs } from "./graphql-servers.cjs";

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
