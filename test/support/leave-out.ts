import type { TestContext } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Why a test was skipped, for the summary of CI: its report does not get the note of a skipped test. */
    skipped?: string;
  }
}

/** Skips a test, and tells the summary why. */
export function leaveOut(context: TestContext, why: string): never {
  context.task.meta.skipped = why;
  return context.skip(why);
}
