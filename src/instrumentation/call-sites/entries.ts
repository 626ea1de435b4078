import { MAIN } from "../loading/library-row.ts";

/** Methods of a library that the app calls. */
export interface Entry {
  readonly package: string;
  readonly files: readonly string[];
  /** Ending of the names of exported classes; "" for the exports themselves. */
  readonly classes: string;
  /** Whether they are methods of the class itself. */
  readonly isStatic?: true;
  readonly methods: readonly string[];
  /** Whether they run a query that was created before, maybe elsewhere. */
  readonly runsQuery?: true;
  /** Whether a function as the last argument is a callback. */
  readonly hasCallback?: true;
}

const words = (text: string): readonly string[] => text.split(" ");

const DIALECTS = ["pg-core", "mysql-core", "sqlite-core"];

/** ES module and CommonJS. */
function drizzleFiles(file: string): readonly string[] {
  return DIALECTS.flatMap((dialect) =>
    ["js", "cjs"].map((extension) => `${dialect}/query-builders/${file}.${extension}`),
  );
}

/** Reads and writes of a repository or an entity manager. */
const TYPEORM_METHODS = words(
  "find findBy findAndCount findAndCountBy findByIds findOne findOneBy findOneById findOneOrFail " +
    "findOneByOrFail exists existsBy exist count countBy sum average minimum maximum query save " +
    "insert update updateAll upsert delete deleteAll remove softDelete softRemove restore recover " +
    "increment decrement clear",
);

export const entries: readonly Entry[] = [
  {
    package: "pg-pool",
    files: [MAIN],
    classes: "",
    methods: ["query", "connect"],
    hasCallback: true,
  },
  {
    package: "mysql2",
    files: ["lib/pool.js", "lib/base/pool.js"],
    classes: "",
    methods: ["query", "execute", "getConnection"],
    hasCallback: true,
  },
  {
    package: "mongodb",
    hasCallback: true,
    files: ["lib/collection.js"],
    classes: "Collection",
    methods: words(
      "findOne insertOne insertMany updateOne updateMany replaceOne deleteOne deleteMany bulkWrite " +
        "countDocuments estimatedDocumentCount distinct findOneAndUpdate findOneAndReplace " +
        "findOneAndDelete",
    ),
  },
  {
    package: "mongodb",
    hasCallback: true,
    files: ["lib/cursor/abstract_cursor.js"],
    classes: "AbstractCursor",
    methods: words("toArray next tryNext hasNext forEach"),
  },
  {
    package: "mongoose",
    hasCallback: true,
    files: ["lib/model.js"],
    classes: "",
    isStatic: true,
    methods: words(
      "find findById findOne findAndCount exists countDocuments estimatedDocumentCount distinct where " +
        "findOneAndUpdate findByIdAndUpdate findOneAndDelete findByIdAndDelete findOneAndReplace " +
        "create insertOne insertMany bulkWrite bulkSave updateOne updateMany replaceOne deleteOne " +
        "deleteMany aggregate populate",
    ),
  },
  { package: "mongoose", files: ["lib/model.js"], classes: "", methods: ["save"] },
  { package: "mongoose", files: ["lib/query.js"], classes: "", methods: ["exec"], runsQuery: true },
  {
    package: "mongoose",
    hasCallback: true,
    files: ["lib/aggregate.js"],
    classes: "",
    methods: ["exec"],
    runsQuery: true,
  },
  {
    package: "typeorm",
    files: ["repository/Repository.js"],
    classes: "Repository",
    methods: TYPEORM_METHODS,
  },
  {
    package: "typeorm",
    files: ["entity-manager/EntityManager.js"],
    classes: "EntityManager",
    methods: TYPEORM_METHODS,
  },
  {
    package: "typeorm",
    files: [
      ...["Select", "Insert", "Update", "Delete", "SoftDelete", "Relation"].map(
        (name) => `query-builder/${name}QueryBuilder.js`,
      ),
    ],
    classes: "QueryBuilder",
    methods: words(
      "getOne getOneOrFail getMany getManyAndCount getRawOne getRawMany getRawAndEntities getCount " +
        "getExists execute add set remove loadOne loadMany",
    ),
  },
  {
    package: "drizzle-orm",
    files: drizzleFiles("select"),
    classes: "SelectBuilder",
    methods: ["from"],
  },
  {
    package: "drizzle-orm",
    files: drizzleFiles("query"),
    classes: "RelationalQueryBuilder",
    methods: ["findMany", "findFirst"],
  },
  {
    package: "drizzle-orm",
    files: drizzleFiles("insert"),
    classes: "InsertBuilder",
    methods: ["values", "select"],
  },
  {
    package: "drizzle-orm",
    files: drizzleFiles("update"),
    classes: "UpdateBuilder",
    methods: ["set"],
  },
  {
    package: "drizzle-orm",
    files: ["query-promise.js", "query-promise.cjs"],
    classes: "QueryPromise",
    methods: ["then"],
    runsQuery: true,
  },
];
