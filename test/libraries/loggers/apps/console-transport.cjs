const { Writable } = require("node:stream");

/** A transport as people write them: it prints in its own thread. */
module.exports = () =>
  new Writable({
    autoDestroy: true,
    write(chunk, _encoding, callback) {
      console.log(String(chunk).trimEnd());
      callback();
    },
  });
