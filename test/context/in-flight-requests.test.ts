import assert from "node:assert/strict";
import { ROOT_CONTEXT } from "../../src/context/context.ts";
import {
  findUnitOfWork,
  IN_FLIGHT,
  registerDetached,
  unitOfWorkOf,
} from "../../src/context/in-flight-requests.ts";
import { runWithContext } from "../../src/context/manager.ts";
import { recordRequestError } from "../../src/context/unit-access.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";

/** A connection with pipelined requests in flight, each with its unit of work. */
function connectionOf(count: number): { requests: object[]; units: UnitOfWork[] } {
  const units: UnitOfWork[] = [];
  const socket = { [IN_FLIGHT]: { units } };
  const requests = Array.from({ length: count }, () => {
    const request = { socket };
    units.push(Object.assign(new UnitOfWork(), { request }));
    return request;
  });
  return { requests, units };
}

class EndedUnit extends UnitOfWork {
  readonly #request: object;

  constructor(request: object) {
    super();
    this.#request = request;
  }

  override belongedTo(request: object): boolean {
    return request === this.#request;
  }
}

describe("The unit of work of a request", () => {
  it("is found on its connection, also with pipelining", () => {
    const { requests, units } = connectionOf(3);
    assert.deepEqual(requests.map(unitOfWorkOf), units);
  });

  it("is not that of another request of the connection", () => {
    const { requests } = connectionOf(1);
    assert.equal(unitOfWorkOf({ ...requests[0] }), undefined);
  });

  it("is found for a detached request", () => {
    for (const request of [{}, { socket: null }, { socket: {} }]) {
      const unit = new UnitOfWork();
      assert.equal(unitOfWorkOf(request), undefined);
      registerDetached(request, unit);
      assert.equal(unitOfWorkOf(request), unit);
    }
  });

  it("is found after its connection was closed, but is not in flight", () => {
    const { requests, units } = connectionOf(1);
    const [request = assert.fail()] = requests;
    const unit = units.pop() ?? assert.fail();
    registerDetached(request, unit);
    assert.equal(unitOfWorkOf(request), undefined);
    assert.equal(findUnitOfWork(request), unit);
  });

  it("is the active one after its end, if that belonged to the request", () => {
    const request = {};
    const { context, unit } = activeUnit(new EndedUnit(request));
    runWithContext(context, () => {
      assert.equal(findUnitOfWork(request), unit);
      assert.equal(findUnitOfWork({}), undefined);
    });
    assert.equal(findUnitOfWork(request), undefined);
  });

  it("gets the errors that frameworks record for the request", () => {
    const { requests, units } = connectionOf(2);
    const error = new Error("closed");
    recordRequestError(requests[1] ?? assert.fail(), error);
    recordRequestError({}, error);
    assert.deepEqual(
      units.map((unit) => unit.error),
      [undefined, error],
    );
  });
});

function activeUnit(unit: UnitOfWork) {
  return { unit, context: ROOT_CONTEXT.withUnitOfWork(unit) };
}
