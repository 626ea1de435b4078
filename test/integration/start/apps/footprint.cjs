/* Something that comes by `require`. */
module.exports = { loaded: true };
