/* A module for `require`. */
module.exports = { loaded: true };
