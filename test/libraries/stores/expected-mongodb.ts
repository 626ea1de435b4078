import type { ExpectedCall, Step } from "./rows.ts";

function call(
  operation: string,
  collection: string,
  text: object,
  more: object = {},
): ExpectedCall {
  return {
    name: `${operation} ${collection}`,
    attributes: {
      "db.system.name": "mongodb",
      "db.namespace": "shop",
      "db.operation.name": operation,
      "db.collection.name": collection,
      "db.query.text": JSON.stringify(text),
      ...more,
    },
  };
}

function duplicate(collection: string): ExpectedCall {
  const insert = call("insert", collection, written(collection), {
    "error.type": "11000",
    "db.response.status_code": "11000",
  });
  return { ...insert, error: `E11000 duplicate key error collection: shop.${collection}` };
}

function written(collection: string): object {
  return { insert: collection, documents: "?", ordered: "?" };
}

const TWO = { "db.operation.batch.size": 2 };

const all: readonly Step[] = [
  { step: "setup", calls: [call("drop", "items", { drop: "items" })] },
  { step: "insert", calls: [call("insert", "items", written("items"))] },
  { step: "insertMany", calls: [call("insert", "items", written("items"), TWO)] },
  {
    step: "find",
    calls: [call("find", "items", { find: "items", filter: { name: "?", _id: { $in: "?" } } })],
  },
  {
    step: "more",
    calls: [
      call("find", "items", { find: "items", filter: {}, batchSize: "?" }),
      call("getMore", "items", { getMore: "?", collection: "items", batchSize: "?" }),
    ],
  },
  {
    step: "update",
    calls: [
      call("update", "items", {
        update: "items",
        updates: [{ q: { _id: "?" }, u: { $set: { name: "?" } } }],
        ordered: "?",
      }),
    ],
  },
  {
    step: "aggregate",
    calls: [
      call("aggregate", "items", {
        aggregate: "items",
        pipeline: [{ $match: { name: "?" } }],
        cursor: {},
      }),
    ],
  },
  { step: "duplicate", calls: [duplicate("items")] },
  {
    step: "failing",
    calls: [
      {
        name: "nonsense",
        attributes: {
          "db.system.name": "mongodb",
          "db.namespace": "shop",
          "db.operation.name": "nonsense",
          "db.query.text": '{"nonsense":"?"}',
          "error.type": "CommandNotFound",
          "db.response.status_code": "59",
        },
        error: "no such command: ?",
      },
    ],
  },
];

const removed = { delete: "items", deletes: [{ q: { name: "?" }, limit: "?" }], ordered: "?" };

/** @param installed version 4 says once more how many it wants */
export function mongodbSteps(installed: string): readonly Step[] {
  const one = { find: "items", filter: { _id: "?" }, limit: "?", singleBatch: "?" };
  const found = installed === "mongodb4" ? { ...one, batchSize: "?" } : one;
  return [
    ...all,
    { step: "parallel", calls: [1, 2].map(() => call("find", "items", found)) },
    { step: "remove", calls: [call("delete", "items", removed)] },
  ];
}

/** @param installed version 6 says that it wants all fields */
export function mongooseSteps(installed: string): readonly Step[] {
  const find = { find: "items", filter: { name: "?" } };
  const found = installed === "mongoose6" ? { ...find, projection: {} } : find;
  const update = [{ q: { _id: "?" }, u: { $set: { name: "?" } } }];
  const remove = { delete: "items", deletes: [{ q: {}, limit: "?" }], ordered: "?" };
  return [
    { step: "setup", calls: [call("delete", "items", remove)] },
    { step: "insert", calls: [call("insert", "items", written("items"), TWO)] },
    { step: "find", calls: [call("find", "items", found)] },
    {
      step: "update",
      calls: [call("update", "items", { update: "items", updates: update, ordered: "?" })],
    },
    { step: "duplicate", calls: [duplicate("items")] },
    { step: "remove", calls: [call("delete", "items", remove)] },
  ];
}
