/**
 * Stands in the bundle for the package `import-in-the-middle` (`aliases.ts`).
 * It does nothing: our loader sees CommonJS however it is imported, and of the
 * libraries in the table none is an ES module.
 */
export class Hook {
  unhook(): void {}
}
