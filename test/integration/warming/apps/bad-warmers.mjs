// Registers cache warmers with arguments that can't be used.
import { registerCacheWarmer } from "../../../../dist/index.js";

const warm = () => {};
registerCacheWarmer("a b", warm);
registerCacheWarmer("text", "function");
registerCacheWarmer("object", {});
registerCacheWarmer("number", warm, 7);
registerCacheWarmer("often", warm, { every: 10 });
registerCacheWarmer("limit", warm, { timeout: NaN });
registerCacheWarmer("words", warm, { onStart: "yes" });
registerCacheWarmer("both", warm, { onStart: false, beforeReady: true });
registerCacheWarmer("twice", () => console.log("the first one"));
registerCacheWarmer("twice", () => console.log("the last one"));
const remove = registerCacheWarmer("removed", () => console.log("removed"));
remove();
remove();
console.log("registered");
// The first runs follow, and do not keep the process alive.
setTimeout(() => {}, 10);
