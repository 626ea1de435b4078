const { createServer } = require("node:http");
const { failTenant, open } = require("./work.cjs");

/*
 * One schema behind several servers of GraphQL, without a word of telemetry.
 * Says their ports in one line.
 */

exports.typeDefs = `
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

exports.resolversOf = function resolversOf(GraphQLError) {
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
};

/** By the resolvers' names, for servers that take a schema as GraphQL.js makes it. */
exports.rootOf = function rootOf({ Query, Mutation }) {
  const methods = Object.entries({ ...Query, ...Mutation });
  return Object.fromEntries(
    methods.map(([name, resolve]) => [name, (args) => resolve(undefined, args)]),
  );
};

exports.openServers = async function openServers(servers) {
  const ports = {};
  for (const [name, server] of Object.entries(servers)) {
    ports[name] = await (typeof server === "function" ? listen(createServer(server)) : server);
  }
  open(ports);
};

function listen(server) {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", 1000, () => resolve(server.address().port));
  });
}

/** The least that makes a server of `graphql()` itself. */
exports.plainServer = function plainServer(graphql, schema, rootValue) {
  return async (request, response) => {
    let body = "";
    for await (const part of request.setEncoding("utf8")) body += part;
    const { query: source, operationName, variables: variableValues } = JSON.parse(body);
    const result = await graphql({ schema, source, operationName, variableValues, rootValue });
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(result));
  };
};
