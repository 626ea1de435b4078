const { EventEmitter } = require("node:events");

class Request extends EventEmitter {
  constructor(text, callback) {
    super();
    this.sqlTextOrProcedure = text;
    this.callback = callback;
  }
}

class Connection extends EventEmitter {
  #requests = [];

  connect() {
    // The socket runs in the context of the connection.
    setInterval(() => this.#answer(), 5).unref();
  }

  #answer() {
    const request = this.#requests.shift();
    if (request === undefined) return;
    request.emit("row", []);
    request.callback(null, 1, []);
  }

  execSql(request) {
    this.#requests.push(request);
  }
}

for (const name of ["callProcedure", "execSqlBatch", "execBulkLoad", "prepare", "execute"]) {
  Connection.prototype[name] = Connection.prototype.execSql;
}

module.exports = { Connection, Request };
