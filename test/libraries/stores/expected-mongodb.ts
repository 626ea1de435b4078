import type { ExpectedStoreSpan, Step } from "./expected-call.ts";

function call(
  operation: string,
  collection: string,
  text: object,
  more: object = {},
): ExpectedStoreSpan {
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

function duplicate(collection: string): ExpectedStoreSpan {
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

const always: readonly Step[] = [
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

/** @param installed older versions send further fields with default values */
export function mongodbSteps(installed: string): readonly Step[] {
  const isThree = installed.startsWith("mongodb3");
  const size = isThree || installed === "mongodb4" ? { batchSize: "?" } : {};
  const shown = installed === "mongodb33" ? { returnKey: "?", showRecordId: "?" } : {};
  const one = { filter: { _id: "?" }, limit: "?", singleBatch: "?", ...size, ...shown };
  const found = call("find", "items", { find: "items", ...one });
  return [
    { step: "setup", calls: [call("drop", "items", { drop: "items" })] },
    { step: "insert", calls: [call("insert", "items", written("items"))] },
    { step: "insertMany", calls: [call("insert", "items", written("items"), TWO)] },
    {
      step: "find",
      calls: [
        call("find", "items", {
          find: "items",
          filter: { name: "?", _id: { $in: "?" } },
          ...shown,
        }),
      ],
    },
    {
      step: "more",
      calls: [
        call("find", "items", { find: "items", filter: {}, batchSize: "?", ...shown }),
        call("getMore", "items", { getMore: "?", collection: "items", batchSize: "?" }),
      ],
    },
    { step: "update", calls: [updated("items", isThree)] },
    ...always,
    { step: "parallel", calls: [found, found] },
    { step: "remove", calls: [removed] },
    ...(isThree ? [{ step: "callbacks", calls: [found, removed] }] : []),
  ];
}

function updated(collection: string, isThree: boolean): ExpectedStoreSpan {
  const more = isThree ? { upsert: "?", multi: "?" } : {};
  const updates = [{ q: { _id: "?" }, u: { $set: { name: "?" } }, ...more }];
  return call("update", collection, { update: collection, updates, ordered: "?" });
}

const removed = call("delete", "items", {
  delete: "items",
  deletes: [{ q: { name: "?" }, limit: "?" }],
  ordered: "?",
});

/** @param installed versions 5 and 6 request all fields explicitly */
export function mongooseSteps(installed: string): readonly Step[] {
  const find = { find: "items", filter: { name: "?" } };
  const found = installed !== "mongoose" ? { ...find, projection: {} } : find;
  const remove = { delete: "items", deletes: [{ q: {}, limit: "?" }], ordered: "?" };
  return [
    { step: "setup", calls: [call("delete", "items", remove)] },
    { step: "insert", calls: [call("insert", "items", written("items"), TWO)] },
    { step: "find", calls: [call("find", "items", found)] },
    { step: "update", calls: [updated("items", installed === "mongoose5")] },
    { step: "duplicate", calls: [duplicate("items")] },
    { step: "remove", calls: [call("delete", "items", remove)] },
  ];
}
