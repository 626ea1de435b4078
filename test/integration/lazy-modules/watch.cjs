const { registerHooks } = require("node:module");

/** Records every file that is loaded from now on, in any way. */
const loaded = (globalThis.loaded = []);
registerHooks({
  load(url, context, nextLoad) {
    loaded.push(url);
    return nextLoad(url, context);
  },
});
