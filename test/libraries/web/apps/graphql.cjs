const { ApolloServer } = require("@apollo/server");
const { startStandaloneServer } = require("@apollo/server/standalone");
const { expressMiddleware } = require("@as-integrations/express5");
const express = require("express");
const graphql = require("graphql");
const { createHandler } = require("graphql-http/lib/use/http");
const graphql17 = require("graphql17");
const { openServers } = require("./graphql-servers.cjs");

openServers({
  ApolloServer,
  startStandaloneServer,
  expressMiddleware,
  express,
  createHandler,
  graphql,
  graphql17,
});
