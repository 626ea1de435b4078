import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { node } from "../../nodes.ts";
import type { TestBundle } from "../../bundle.ts";
import { bundleInstrumentationFixtures } from "../bundle.ts";
import { expressErrors } from "./express-errors.ts";
import { expressRoutes } from "./express-routes.ts";
import { fastifyRoutes } from "./fastify-routes.ts";
import type { ServedRequest } from "../fixtures/serve.ts";

const run = promisify(execFile);

const frameworks = [
  { family: "express", name: "express4", major: 4 },
  { family: "express", name: "express", major: 5 },
  { family: "fastify", name: "fastify4", major: 4 },
  { family: "fastify", name: "fastify", major: 5 },
] as const;

describe("Frameworks", () => {
  let fixtures: TestBundle;
  before(async () => {
    fixtures = await bundleInstrumentationFixtures();
  });
  after(() => fixtures.remove());

  const serve = async (table: string, { name, major }: (typeof frameworks)[number]) => {
    const { stdout } = await run(node, [fixtures.path("serve"), table, name, String(major)]);
    return JSON.parse(stdout) as ServedRequest[];
  };

  for (const framework of frameworks.filter(({ family }) => family === "express")) {
    const isOf = ({ only }: { only?: 4 | 5 }): boolean =>
      only === undefined || only === framework.major;

    describe(`Express ${framework.major} records the route of`, () => {
      let served: ServedRequest[];
      before(async () => {
        served = await serve("express-routes", framework);
      });
      for (const [place, { title, request, route }] of expressRoutes.filter(isOf).entries()) {
        it(`${title}: ${request}`, () => assert.equal(served[place]?.route, route));
      }
    });

    describe(`Express ${framework.major} records`, () => {
      let served: ServedRequest[];
      before(async () => {
        served = await serve("express-errors", framework);
      });
      for (const [place, one] of expressErrors.filter(isOf).entries()) {
        it(one.title, () => {
          const { status, error, originalError } = served[place] ?? {};
          const expected = [one.status, one.error, one.originalError];
          assert.deepEqual([status, error, originalError], expected);
        });
      }
    });
  }

  for (const framework of frameworks.filter(({ family }) => family === "fastify")) {
    describe(`Fastify ${framework.major} records the route and the error of`, () => {
      let served: ServedRequest[];
      before(async () => {
        served = await serve("fastify-routes", framework);
      });
      const cases = fastifyRoutes.filter(
        ({ only }) => only === undefined || only === framework.major,
      );
      for (const [place, one] of cases.entries()) {
        it(`${one.title}: ${one.request}`, () => {
          const { status, route, error, originalError } = served[place] ?? {};
          assert.deepEqual(
            [route, error, originalError],
            [one.route, one.error, one.originalError],
          );
          if (one.status !== undefined) assert.equal(status, one.status);
        });
      }
    });
  }
});
