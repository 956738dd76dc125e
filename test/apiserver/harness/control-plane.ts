/** A control plane of a test's own. `usingControlPlane` ties one to the tests of a file. */
import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import { leaveOut } from '../../support/leave-out.ts';
import { type ControlPlane, type ControlPlaneOptions, startPrograms } from './control-plane-processes.ts';

export type { ControlPlane } from './control-plane-processes.ts';

/** Starts a control plane; rejects with the end of its logs when it does not become ready. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const assets = inject('controlPlane').assets[options.flavor];
  if (assets === undefined) throw new Error(`There is no control plane of the flavor "${options.flavor}" here.`);
  return startPrograms(assets, options);
}

/**
 * One control plane for all tests of a file, started before the first and stopped after the last; where there can be
 * none, each test is skipped with the reason. `prepare` is what all tests need in it. Call it at the top of the file, and the result inside tests and hooks.
 */
export function usingControlPlane(
  options: ControlPlaneOptions & { readonly prepare?: (plane: ControlPlane) => Promise<void> },
): () => ControlPlane {
  let plane: ControlPlane | undefined;
  const { skipped } = inject('controlPlane');
  beforeAll(async () => {
    if (skipped !== undefined) return;
    plane = await startControlPlane(options);
    await options.prepare?.(plane);
  }, 180_000);
  beforeEach((context) => {
    if (skipped !== undefined) leaveOut(context, skipped);
  });
  afterAll(async () => {
    await plane?.stop();
  }, 60_000);
  return () => {
    if (plane === undefined) throw new Error('The control plane is only there inside tests and their hooks.');
    return plane;
  };
}

/** A hook for all tests of a file that needs the control plane; nothing where there can be none. */
export function unlessSkipped(hook: () => void | Promise<void>): () => void | Promise<void> {
  return inject('controlPlane').skipped === undefined ? hook : () => undefined;
}
