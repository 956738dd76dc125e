import { describe, expect, it } from 'vitest';
import {
  boundedMessage,
  boundedRows,
  type DifferingEntry,
  MAX_DIFFERING_ROWS,
  MAX_MESSAGE_CHARACTERS,
  type NodePrep,
  parseStatusFile,
} from '../../../../src/api/status/status.ts';

const ROW: DifferingEntry = { name: 'a.b', expected: '1', actual: '0', reason: 'LiveDrift', message: 'differs' };
const STATUS: NodePrep = {
  apiVersion: 'nodeprep.dev/v1alpha1',
  kind: 'NodePrep',
  metadata: { name: 'n1', generation: 2 },
  spec: { profile: 'kubeadm-worker' },
  status: {
    observedGeneration: 2,
    mode: 'Enforce',
    inSync: '1/2',
    entries: 2,
    inSyncEntries: 1,
    conditions: [
      {
        type: 'Ready',
        status: 'False',
        reason: 'DriftDetected',
        message: 'a.b differs',
        lastTransitionTime: '2026-01-01T00:00:00Z',
        observedGeneration: 2,
      },
    ],
    areas: [
      {
        name: 'sysctls',
        state: 'Drifted',
        counts: { total: 2, inSync: 1, pending: 0, drifted: 1, conflicting: 0, blocked: 0, failed: 0 },
        differing: [ROW],
      },
    ],
  },
};

describe('parseStatusFile', () => {
  it('reads what was written', () => {
    expect(parseStatusFile(JSON.stringify(STATUS))).toEqual({ nodePrep: STATUS });
  });

  it('reads a file to which a later release added fields and reasons', () => {
    const [condition] = STATUS.status.conditions;
    const later = {
      ...STATUS,
      extra: 1,
      status: { ...STATUS.status, conditions: [{ ...condition, reason: 'SolarFlare', severity: 3 }], agent: {} },
    };
    expect(parseStatusFile(JSON.stringify(later))).toMatchObject({ nodePrep: { status: { inSync: '1/2' } } });
  });

  it.each([
    ['nothing', '', 'is empty'],
    ['blanks', ' \n', 'is empty'],
    ['a truncated file', JSON.stringify(STATUS).slice(0, -10), 'truncated or not JSON'],
    ['YAML', 'kind: NodePrep', 'truncated or not JSON'],
    ['a list', '[]', 'is not a NodePrep'],
    ['null', 'null', 'is not a NodePrep'],
    ['another kind', JSON.stringify({ ...STATUS, kind: 'Plan' }), 'is not a NodePrep'],
    ['another version', JSON.stringify({ ...STATUS, apiVersion: 'nodeprep.dev/v1' }), 'another version wrote it'],
    ['another group', JSON.stringify({ ...STATUS, apiVersion: 'example.com/v1' }), 'is not of NodePrep'],
    ['a NodePrep without status', JSON.stringify({ ...STATUS, status: undefined }), 'status is not as expected'],
    [
      'a status with wrong types',
      JSON.stringify({ ...STATUS, status: { ...STATUS.status, areas: {} } }),
      'status.areas',
    ],
  ])('says why %s cannot be used', (_, text, problem) => {
    const content = parseStatusFile(text);
    expect(content).toHaveProperty('problem');
    expect(content).toMatchObject({ problem: expect.stringContaining(problem) as string });
  });
});

describe('the bounds of a status', () => {
  it('keep the first rows, which are the worst', () => {
    const rows = Array.from({ length: MAX_DIFFERING_ROWS + 1 }, (_, index) => ({ ...ROW, name: `a.b${index}` }));
    const kept = boundedRows(rows);
    expect(kept).toHaveLength(MAX_DIFFERING_ROWS);
    expect(kept[0]?.name).toBe('a.b0');
  });

  it('cut messages at a character, never inside one', () => {
    expect(boundedMessage('x'.repeat(MAX_MESSAGE_CHARACTERS))).toHaveLength(MAX_MESSAGE_CHARACTERS);
    const long = boundedMessage('😀'.repeat(MAX_MESSAGE_CHARACTERS));
    expect(long.length).toBeLessThanOrEqual(MAX_MESSAGE_CHARACTERS);
    expect(long.isWellFormed()).toBe(true);
    expect(long.endsWith('…')).toBe(true);
    const [row] = boundedRows([{ ...ROW, expected: long, actual: 'x'.repeat(5000), message: 'x'.repeat(5000) }]);
    for (const text of [row?.expected, row?.actual, row?.message]) {
      expect(text?.length).toBeLessThanOrEqual(MAX_MESSAGE_CHARACTERS);
    }
  });
});
