/** As a CommonJS module of an app beside these libraries does. */
exports.load = (name) => require(name);
