import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { root } from "../../../scripts/node.mjs";
import type { UnitSummary, ViewerEvent } from "../../../src/viewer/model.ts";
import { fixtureAnswers } from "./fixture-answers.ts";
import { unitDetail } from "./fixture-units.ts";

export interface FixtureServer {
  readonly url: string;
  /** Requests that change something, as `METHOD path body`. */
  readonly writes: string[];
  send(event: ViewerEvent): void;
  close(): Promise<void>;
}

export interface FixtureOptions {
  readonly port?: number;
  /** Changes each answer before it is sent. */
  readonly change?: (answer: unknown) => unknown;
}

/** Serves the page with invented data, for what the real viewer can't be made to show at will. */
export async function startFixtureServer(
  units: readonly UnitSummary[],
  { port = 0, change = (answer) => answer }: FixtureOptions = {},
): Promise<FixtureServer> {
  const streams = new Set<ServerResponse>();
  const writes: string[] = [];
  const server = createServer((request, response) => {
    void answer(request, response, { units, streams, writes, change });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    writes,
    send(event) {
      for (const stream of streams) stream.write(`data: ${JSON.stringify(event)}\n\n`);
    },
    async close() {
      for (const stream of streams) stream.end();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface State {
  readonly units: readonly UnitSummary[];
  readonly streams: Set<ServerResponse>;
  readonly writes: string[];
  readonly change: (answer: unknown) => unknown;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { units, streams, writes, change }: State,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const json = (value: unknown): void => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(change(value)));
  };
  if (request.method !== "GET") {
    writes.push(`${request.method} ${pathname} ${await text(request)}`);
    json({});
  } else if (pathname === "/") {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(readFileSync(join(root, "dist/viewer-page.html")));
  } else if (pathname === "/api/events") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(":\n\n");
    streams.add(response);
    response.on("close", () => streams.delete(response));
  } else if (pathname === "/api/requests") json(pageOf(units, searchParams));
  else if (pathname.startsWith("/api/requests/")) {
    const unit = units.find(({ id }) => id === pathname.split("/")[3]);
    if (unit !== undefined) return json(unitDetail(unit));
    response.statusCode = 404;
    json({ error: "no such request" });
  } else json(fixtureAnswers(pathname, units) ?? { error: `no answer for ${pathname}` });
}

function pageOf(units: readonly UnitSummary[], params: URLSearchParams): unknown {
  const from = Number(params.get("cursor") ?? 0);
  const end = from + Number(params.get("limit") ?? 50);
  const sorted = units.toSorted((a, b) => b.start - a.start);
  const items = sorted.slice(from, end);
  return { items, total: units.length, ...(end < units.length ? { next: String(end) } : {}) };
}
