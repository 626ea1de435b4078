const { registerHooks } = require("node:module");

/** Notes every file that is loaded from now on, by whatever way. */
const loaded = (globalThis.loaded = []);
registerHooks({
  load(url, context, nextLoad) {
    loaded.push(url);
    return nextLoad(url, context);
  },
});
