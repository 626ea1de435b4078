const { Writable } = require("node:stream");

/** A transport that prints with the console of its thread. */
module.exports = () =>
  new Writable({
    autoDestroy: true,
    write(chunk, _encoding, callback) {
      console.log(String(chunk).trimEnd());
      callback();
    },
  });
