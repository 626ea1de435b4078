const { cpSync, mkdtempSync, rmSync } = require("node:fs");
const { createRequire } = require("node:module");
const { tmpdir } = require("node:os");
const { join } = require("node:path");

/** One connection of the fake. */
module.exports = () => {
  const folder = mkdtempSync(join(tmpdir(), "telltale-tedious-"));
  cpSync(join(__dirname, "../stand-ins"), join(folder, "node_modules"), { recursive: true });
  const { Connection, Request } = createRequire(join(folder, "app.cjs"))("tedious");
  rmSync(folder, { recursive: true });
  const sql = "SELECT 1";
  const connection = {
    make() {
      const made = new Connection();
      made.connect();
      return made;
    },
  };
  return {
    "execSql(request)": {
      ...connection,
      ask: (one, done) => one.execSql(new Request(sql, (error) => done(error))),
    },
    "rows of a request": {
      ...connection,
      ask: (one, done) => one.execSql(new Request(sql, () => {}).once("row", () => done())),
    },
    "a request that is used again": {
      ...connection,
      ask(one, done) {
        let times = 0;
        const request = new Request(sql, () => {
          if (++times < 2) one.execSql(request);
          else done();
        });
        one.execSql(request);
      },
      calls: 2,
    },
  };
};
