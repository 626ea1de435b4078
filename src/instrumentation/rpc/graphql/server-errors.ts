import { activeRouteRecorder } from "../../../context/unit-access.ts";
import type { LoadedFile } from "../../loading/adaptor.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";
import { isRefusal } from "./execution-errors.ts";

/**
 * Records what functions of the app throw before an operation, such as `context`: GraphQL.js has no
 * part in them. It counts if the server responds with a 5xx, unless it has a status or code of the client.
 *
 * @returns whether the file is one of a server
 */
export function patchServer(exports: object, { package: name }: LoadedFile): boolean {
  const patch = patches.get(name);
  patch?.(exports);
  return patch !== undefined;
}

const patches: ReadonlyMap<string, (exports: object) => void> = new Map([
  ["@apollo/server", patchApollo],
  ["graphql-http", patchGraphqlHttp],
]);

interface ApolloRequest {
  readonly context?: unknown;
}

function patchApollo(exports: object): void {
  const { ApolloServer } = exports as { readonly ApolloServer: { readonly prototype: object } };
  replaceMethod<unknown, [ApolloRequest, ...unknown[]]>(
    ApolloServer.prototype,
    "executeHTTPGraphQLRequest",
    (original) => {
      return function executeHTTPGraphQLRequest(request, ...others) {
        return Reflect.apply(original, this, [withRecordedContext(request), ...others]);
      };
    },
  );
}

function withRecordedContext(request: ApolloRequest): ApolloRequest {
  const { context } = request;
  return typeof context === "function"
    ? { ...request, context: recording(context as Method) }
    : request;
}

/** The handler rejects with what any function of its options throws. */
function patchGraphqlHttp(exports: object): void {
  replaceMethod(exports, "createHandler", (original) => {
    return function createHandler(...args) {
      const handler = Reflect.apply(original, this, args) as Method;
      return copyFunctionProperties(recording(handler), handler);
    };
  });
}

/** Returns the async function, which records what it rejects with on the active request. */
function recording(work: Method): Method {
  return async function (this: unknown, ...args: unknown[]): Promise<unknown> {
    try {
      return await Reflect.apply(work, this, args);
    } catch (error) {
      if (!isRefusal(error)) activeRouteRecorder()?.recordError(error);
      throw error;
    }
  };
}
