/** Loads a library as a CommonJS module next to it does. */
exports.load = (name) => require(name);
