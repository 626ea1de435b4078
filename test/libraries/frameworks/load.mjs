/** As an ES module of an app beside these libraries does. */
export const load = (name) => import(name);
