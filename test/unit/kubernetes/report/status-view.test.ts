import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodePrepStatus } from '../../../../src/api/status/status.ts';
import {
  boundedStatus,
  gistOf,
  knownConditions,
  MAX_STATUS_BYTES,
  meaningOf,
  withTransitionTimes,
} from '../../../../src/kubernetes/report/status-view.ts';
import { aCondition } from '../../../support/reports.ts';

const counts = { total: 0, inSync: 0, pending: 0, drifted: 0, conflicting: 0, blocked: 0, failed: 0 };
const row = (name: string, text: string) => ({
  name,
  expected: text,
  actual: text,
  reason: 'LiveDrift',
  message: text,
});
function aStatus(rows: Record<string, ReturnType<typeof row>[]> = { sysctls: [] }): NodePrepStatus {
  const areas = Object.entries(rows).map(([name, differing]) => ({
    name: name as 'sysctls',
    state: 'Drifted' as const,
    counts,
    differing,
  }));
  return {
    observedGeneration: 1,
    mode: 'Enforce',
    inSync: '0/1',
    entries: 1,
    inSyncEntries: 0,
    conditions: [aCondition()],
    areas,
  };
}
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('the status that is sent', () => {
  it('stays small with thousands of differing entries of a kilobyte each, and shows the worst of every area', () => {
    const many = Array.from({ length: 2048 }, (_, at) => row(`sysctl.number.${at}`, 'ä'.repeat(1024)));
    const bounded = boundedStatus(aStatus({ modules: [row('first', 'x')], sysctls: many, swap: [row('last', 'y')] }));

    expect(bytes(bounded)).toBeLessThan(MAX_STATUS_BYTES + 1024);
    expect(bounded.areas.map((area) => area.differing[0]?.name)).toEqual(['first', 'sysctl.number.0', 'last']);
    expect(bounded.areas[1]?.differing.length).toBeGreaterThan(20);
  });

  it('never has an empty text in an entry, nor half a character', () => {
    const [area] = boundedStatus(aStatus({ sysctls: [row('a', ''), row('b', '😀'.repeat(400))] })).areas;

    expect(area?.differing[0]).toEqual({
      name: 'a',
      expected: '(nothing)',
      actual: '(nothing)',
      reason: 'LiveDrift',
      message: 'LiveDrift',
    });
    expect(area?.differing[1]?.message.isWellFormed()).toBe(true);
  });

  it('keeps the transition times that are known, for what has the same status', () => {
    const known = knownConditions({
      conditions: [
        { type: 'Ready', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' },
        { type: 'Drifted', status: 'False', lastTransitionTime: '2020-01-01T00:00:00Z' },
      ],
    });
    const status = { ...aStatus(), conditions: [aCondition(), aCondition({ type: 'Drifted', status: 'True' })] };

    expect(withTransitionTimes(status, known).conditions.map((one) => one.lastTransitionTime)).toEqual([
      '2020-01-01T00:00:00Z',
      '2026-01-01T00:00:00Z',
    ]);
  });

  it('means the same whatever its times, the order of its fields and what others have added', () => {
    const status = aStatus();
    const stored = {
      areas: status.areas,
      conditions: [
        { type: 'TheirOwn', status: 'True' },
        { ...aCondition({ lastTransitionTime: '2020-01-01T00:00:00Z' }) },
      ],
      mode: 'Enforce',
      entries: 1,
      inSyncEntries: 0,
      inSync: '0/1',
      theirs: 1,
      observedGeneration: 1,
    };

    expect(meaningOf(stored, status)).toBe(meaningOf(status, status));
    expect(meaningOf({ ...stored, inSync: '1/1' }, status)).not.toBe(meaningOf(status, status));
    expect(meaningOf({ ...stored, conditions: [] }, status)).not.toBe(meaningOf(status, status));
  });

  it('means something else as long as a condition of an area is stored that is not managed any more', () => {
    const status = aStatus();
    const swapReady = aCondition({ type: 'SwapReady' });
    const foreign = { ...swapReady, type: 'example.com/Other' };

    expect(meaningOf({ ...status, conditions: [aCondition(), swapReady] }, status)).not.toBe(meaningOf(status, status));
    expect(meaningOf({ ...status, conditions: [aCondition(), foreign] }, status)).toBe(meaningOf(status, status));
  });

  it('has another gist for another state, not for another text', () => {
    const status = aStatus();
    const other = { ...status, conditions: [aCondition({ message: 'other', lastTransitionTime: 'x' })] };

    expect(gistOf(other)).toBe(gistOf(status));
    expect(gistOf({ ...status, conditions: [aCondition({ reason: 'Conflict' })] })).not.toBe(gistOf(status));
    expect(gistOf(undefined)).not.toBe(gistOf(status));
  });

  it('is compared with whatever an administrator has put there', () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        const stored = JSON.parse(
          JSON.stringify({ conditions: anything, areas: [anything], other: anything }) ?? 'null',
        );
        const status = withTransitionTimes(aStatus(), knownConditions(stored));
        expect(typeof meaningOf(stored, status) + typeof gistOf(stored)).toBe('stringstring');
      }),
    );
  });
});
