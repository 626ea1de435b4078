import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { expressMiddleware } from "@as-integrations/express5";
import express from "express";
import * as graphql from "graphql";
import { createHandler } from "graphql-http/lib/use/http";
import * as graphql17 from "graphql17";
import { openServers } from "./graphql-servers.cjs";

await openServers({
  ApolloServer,
  startStandaloneServer,
  expressMiddleware,
  express,
  createHandler,
  graphql,
  graphql17,
});
