/**
 * Loaded before each test file of those that share a process: fails a file that leaves something in it by which the
 * next one could go another way. Modules are shared as well; what those keep depends on nothing but their arguments.
 */
import { afterAll, expect, vi } from 'vitest';

const traces = () => ({
  environment: { ...process.env },
  directory: process.cwd(),
  listeners: process.eventNames().map((name) => [name, process.listenerCount(name)]),
  hasFakeTimers: vi.isFakeTimers(),
});

const before = traces();
afterAll(() => expect(traces(), 'what this file leaves in the process').toEqual(before));
