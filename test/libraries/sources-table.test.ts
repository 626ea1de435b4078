import assert from "node:assert/strict";
import { sourcesTable } from "../../scripts/readme/error-sources.ts";
import type { ErrorSource } from "./error-sources/source-group.ts";

const handler = { place: "a handler", mechanism: "auto.http.server" } as const;
const caught = { place: "`catch`", mechanism: undefined, reason: "it is handled" } as const;

const examples: readonly { title: string; sources: readonly ErrorSource[]; lines: string[] }[] = [
  {
    title: "joins the versions of a library, and names all libraries in the title only",
    sources: [
      { ...handler, library: "Koa 2" },
      { ...handler, library: "Koa 3" },
      { ...caught, library: "Koa 2" },
    ],
    lines: [
      "**Servers**: Koa 2/3",
      "| a handler | all | `auto.http.server` |",
      "| `catch` | Koa 2 | no event: it is handled |",
    ],
  },
  {
    title: "has a line for each mechanism of a place, one after the other",
    sources: [
      { ...handler, library: "`node:http`" },
      { ...caught, library: "`node:http`" },
      { ...handler, library: "Nest 12 on Fastify", mechanism: "generic" },
    ],
    lines: [
      "**Servers**: `node:http`, Nest 12 on Fastify",
      "| a handler | `node:http` | `auto.http.server` |",
      "| a handler | Nest 12 on Fastify | `generic` |",
      "| `catch` | `node:http` | no event: it is handled |",
    ],
  },
];

describe("The table of the sources of errors", () => {
  for (const { title, sources, lines } of examples) {
    it(title, () => {
      const [heading, , , , ...rows] = sourcesTable({ title: "Servers", sources }).split("\n");
      assert.deepEqual([heading, ...rows], lines);
    });
  }
});
