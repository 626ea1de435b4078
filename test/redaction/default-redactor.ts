import assert from "node:assert/strict";
import type { RedactionConfig } from "../../src/config/config.ts";
import { createRedactor, type Redactor } from "../../src/redaction/redactor.ts";

export const defaultRedaction: RedactionConfig = {
  fields: [],
  exceptions: [],
  patterns: [],
  exceptionPatterns: [],
  emailAddresses: false,
  ipAddresses: false,
};

/** The redactor of a preload without variables. */
export const redactor: Redactor = createRedactor(defaultRedaction, assert.fail);
