/** Obtains the control planes once before the first test file, or finds out why there can be none. */
import type { TestProject } from 'vitest/node';
import { type PreparedAssets, prepareAssets } from './assets.ts';

declare module 'vitest' {
  interface ProvidedContext {
    controlPlane: PreparedAssets;
  }
}

/** Called by vitest before the first test file. */
export function setup(project: TestProject): void {
  const prepared = prepareAssets();
  if (prepared.skipped !== undefined) console.log(`apiserver: all tests are skipped: ${prepared.skipped}`);
  project.provide('controlPlane', prepared);
}
