/**
 * Replaces the package `import-in-the-middle` in the bundle (`module-aliases.ts`)
 * and does nothing: this project's loader patches CommonJS and ES modules alike.
 */
export class Hook {
  unhook(): void {}
}
