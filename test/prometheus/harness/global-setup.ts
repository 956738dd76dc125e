/** Finds Prometheus once before the first test file, or says why its tests are skipped. */
import type { TestProject } from 'vitest/node';
import { findPrograms, type Programs } from './programs.ts';

declare module 'vitest' {
  interface ProvidedContext {
    prometheus: Programs;
  }
}

/** Called by vitest before the first test file. */
export function setup(project: TestProject): void {
  const programs = findPrograms();
  if (programs.skipped !== undefined) console.log(`prometheus: tests are skipped: ${programs.skipped}`);
  project.provide('prometheus', programs);
}
