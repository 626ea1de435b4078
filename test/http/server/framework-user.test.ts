import assert from "node:assert/strict";
import { createUserReader } from "../../../src/http/server/framework-user.ts";
import { UnitOfWork } from "../../../src/context/unit-of-work.ts";

const oid = "65f0c0ffee65f0c0ffee65f0";
const user = { id: 7, email: "anna@shop.example", username: "anna", password: "hunter2" };

/** Requests and contexts of frameworks, and what is read as `id,email,username,name`. */
const requests: readonly (readonly [title: string, request: object, expected: unknown])[] = [
  ["Passport", { user }, { id: "7", email: "anna@shop.example", username: "anna" }],
  [
    "a profile of Passport",
    { user: { id: "g-1", displayName: "Anna", emails: [{ value: "anna@shop.example" }] } },
    { id: "g-1", email: "anna@shop.example", name: "Anna" },
  ],
  [
    "express-jwt",
    { auth: { sub: "auth0|7", preferred_username: "a" } },
    { id: "auth0|7", username: "a" },
  ],
  ["express-oauth2-jwt-bearer", { auth: { payload: { sub: "7" }, token: "x" } }, { id: "7" }],
  ["express-basic-auth", { auth: { user: "anna", password: "x" } }, { username: "anna" }],
  ["express-openid-connect", { oidc: { user: { sub: "7" } } }, { id: "7" }],
  ["Koa", { state: { user: { sub: 7 } }, body: { id: "no" } }, { id: "7" }],
  ["Hapi", { auth: { credentials: { id: "7" }, artifacts: {} } }, { id: "7" }],
  [
    "Hapi with a nested user",
    { auth: { credentials: { user, scope: [] } } },
    { id: "7", email: user.email, username: "anna" },
  ],
  ["Bell", { auth: { credentials: { profile: { id: 1n }, token: "x" } } }, { id: "1" }],
  ["Hono", { var: { user: { id: "7" } }, get: (name: string) => `header ${name}` }, { id: "7" }],
  ["Hono's jwt", { var: { jwtPayload: { sub: "7" } } }, { id: "7" }],
  ["MongoDB", { user: { _id: { toHexString: () => oid } } }, { id: oid }],
  ["an id alone", { user: "7" }, { id: "7" }],
  ["no user yet", { user: null, auth: { credentials: null }, state: {} }, undefined],
  ["no user", {}, undefined],
  ["a header of Express", { get: (name: string) => `header ${name}` }, undefined],
  [
    "other types",
    { user: { id: { nested: 1 }, email: () => "x", username: Symbol("x") } },
    undefined,
  ],
  ["text without end", { user: { id: "x".repeat(10_000) } }, undefined],
  ["no numbers", { user: { id: Number.NaN, email: "" } }, undefined],
];

const thrower = (): never => {
  throw new Error("no");
};

/** Users that cannot be read, and what can. */
const hostile: readonly (readonly [title: string, request: object, expected: unknown])[] = [
  ["a getter that throws", Object.defineProperty({}, "user", { get: thrower }), undefined],
  [
    "a field that throws",
    { user: Object.defineProperty({ email: "a" }, "id", { get: thrower }) },
    { email: "a" },
  ],
  ["a proxy", { user: new Proxy({}, { get: thrower, has: thrower, ownKeys: thrower }) }, undefined],
  ["a revoked proxy", { user: revokedProxy() }, undefined],
  ["a list that throws", { user: { emails: revokedProxy() } }, undefined],
  ["an id that throws", { user: { _id: { toHexString: thrower } } }, undefined],
  ["an id that returns anything", { user: { _id: { toHexString: () => ({}) } } }, undefined],
  ["a function", { user: thrower }, undefined],
  ["a promise", { user: Promise.resolve(user) }, undefined],
];

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("The user of a framework", () => {
  const read = createUserReader(["id", "email", "username", "name"]);

  for (const [title, request, expected] of [...requests, ...hostile]) {
    it(`is read of ${title}`, () => {
      assert.deepEqual(read(request, undefined), expected);
      assert.deepEqual(read({}, request), expected);
    });
  }

  it("has the named fields only", () => {
    assert.deepEqual(createUserReader(["id"])({ user }, undefined), { id: "7" });
    assert.deepEqual(createUserReader(["plan"])({ user: { plan: "gold" } }, undefined), {
      plan: "gold",
    });
    assert.deepEqual(createUserReader(["email"])({ user: "7" }, undefined), undefined);
  });

  it("is that of the framework's own request before that of the raw one", () => {
    assert.deepEqual(read({ user: { id: 1 } }, { user: { id: 2 } }), { id: "2" });
    assert.deepEqual(read({ user: { id: 1 } }, { user: null }), { id: "1" });
  });

  describe("of a unit of work", () => {
    let unit: UnitOfWork;
    let request: { user?: unknown };
    beforeEach(() => {
      unit = new UnitOfWork();
      unit.userReader = createUserReader(["id"]);
      request = {};
      unit.request = request;
    });

    it("is read when it is needed", () => {
      assert.equal(unit.userId, undefined);
      request.user = { id: 1 };
      assert.equal(unit.userId, "1");
      request.user = { id: 2 };
      assert.equal(unit.userId, "2");
    });

    it("is the last one after the end, without the request", () => {
      request.user = { id: 1 };
      unit.releaseRequest();
      request.user = { id: 2 };
      assert.deepEqual(
        [unit.userId, unit.request, unit.frameworkUser()],
        ["1", undefined, { id: "1" }],
      );
    });

    it("is not read after setUser, even of none", () => {
      request.user = { id: 1 };
      unit.setUserId("own");
      assert.deepEqual([unit.userId, unit.frameworkUser()], ["own", undefined]);
      unit.setUserId(undefined);
      unit.releaseRequest();
      assert.deepEqual([unit.userId, unit.frameworkUser()], [undefined, undefined]);
    });

    it("is that of a message of its connection", () => {
      request.user = { id: 1 };
      unit.releaseRequest();
      const message = new UnitOfWork();
      message.inheritUser(unit);
      assert.deepEqual([message.userId, message.frameworkUser()], ["1", { id: "1" }]);
      message.setUserId("own");
      assert.deepEqual([message.userId, unit.userId], ["own", "1"]);
    });
  });
});
