import { createServer } from "node:http";
import * as Sentry from "@sentry/core";
import { ServerRuntimeClient } from "@sentry/core/server";

/* An app with its own Sentry, which prints each event as a line of JSON. */
Sentry.initAndBind(ServerRuntimeClient, {
  dsn: "http://own@127.0.0.1:9/2",
  integrations: [],
  stackParser: () => [],
  transport: () => ({
    send([, [[, event]]]) {
      console.log(`event ${JSON.stringify(event)}`);
      return Promise.resolve({});
    },
    flush: () => Promise.resolve(true),
  }),
});

const server = createServer((request, response) => {
  Sentry.captureException(new Error(`failure of ${request.url}`));
  response.end();
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
