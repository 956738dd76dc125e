import { describe, expect, it } from 'vitest';
import { parseTaint } from '../../../../src/api/names/taints.ts';
import {
  isPrepared,
  nodeConditionFrom,
  saysSame,
  taintRemoval,
} from '../../../../src/kubernetes/report/node-condition.ts';
import { aCondition, anAreaReport, aNodeReport } from '../../../support/reports.ts';

describe('the condition of the Node', () => {
  it('says what Ready says, without the numbers that change all the time', () => {
    expect(nodeConditionFrom(aCondition({ message: '41 of 42' }), {})).toEqual({
      type: 'nodeprep.dev/Ready',
      status: 'True',
      reason: 'AsExpected',
      message: 'The host is prepared.',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    });
    expect(nodeConditionFrom(aCondition({ status: 'False', message: 'x'.repeat(2000) }), {}).message).toHaveLength(256);
  });

  it('keeps its transition time while its status stays', () => {
    const conditions = [
      null,
      { type: 'Ready' },
      { type: 'nodeprep.dev/Ready', status: 'True', lastTransitionTime: 'then' },
    ];

    expect(nodeConditionFrom(aCondition(), { status: { conditions } }).lastTransitionTime).toBe('then');
    expect(nodeConditionFrom(aCondition({ status: 'False' }), { status: { conditions } }).lastTransitionTime).not.toBe(
      'then',
    );
  });

  it.each(['True', 'False'])('stays %s while a plan awaits approval', (status) => {
    const stored = { type: 'nodeprep.dev/Ready', status, reason: 'AsExpected', lastTransitionTime: 'then' };
    const waiting = aCondition({ status: 'False', reason: 'AwaitingApproval', message: 'Restarts containerd' });

    expect(nodeConditionFrom(waiting, { status: { conditions: [stored] } })).toMatchObject({
      status,
      reason: 'AwaitingApproval',
      message: 'Restarts containerd',
      lastTransitionTime: 'then',
    });
  });

  it('is missing from a Node that says nothing, something else, or nonsense', () => {
    const wanted = nodeConditionFrom(aCondition(), {});

    expect(saysSame({ status: { conditions: [wanted] } }, wanted)).toBe(true);
    for (const node of [
      undefined,
      {},
      { status: null },
      { status: { conditions: 'x' } },
      { status: { conditions: [{ ...wanted, reason: 'Old' }] } },
    ])
      expect(saysSame(node, wanted)).toBe(false);
  });
});

describe('the start-up taint', () => {
  const taints = [
    { key: 'a', effect: 'NoSchedule' },
    { key: 'ours', effect: 'NoSchedule' },
    { key: 'ours', value: 'x', effect: 'NoExecute' },
  ];

  it('is removed with a test of what stands there, from the end', () => {
    expect(taintRemoval({ spec: { taints } }, { key: 'ours' })).toEqual([
      { op: 'test', path: '/spec/taints/2', value: taints[2] },
      { op: 'remove', path: '/spec/taints/2' },
      { op: 'test', path: '/spec/taints/1', value: taints[1] },
      { op: 'remove', path: '/spec/taints/1' },
    ]);
    expect(taintRemoval({ spec: { taints } }, { key: 'ours', effect: 'NoSchedule' })).toHaveLength(2);
    expect(taintRemoval({ spec: { taints } }, { key: 'ours', value: 'y' })).toBeUndefined();
    expect(taintRemoval({ spec: {} }, { key: 'ours' })).toBeUndefined();
    expect(taintRemoval(undefined, { key: 'ours' })).toBeUndefined();
  });

  it('is read as kubectl writes it', () => {
    expect(parseTaint('nodeprep.dev/not-ready')).toEqual({ key: 'nodeprep.dev/not-ready' });
    expect(parseTaint('a=b:NoExecute')).toEqual({ key: 'a', value: 'b', effect: 'NoExecute' });
    expect(parseTaint('a=:NoSchedule')).toEqual({ key: 'a', value: '', effect: 'NoSchedule' });
    for (const text of ['', '-a', 'a:Never', 'a b', 'a=b=c', ':NoSchedule']) expect(parseTaint(text)).toBeUndefined();
  });

  it('goes after the first pass that looked at everything, or when the node is ready where the spec says so', () => {
    const blocking = {
      ...aNodeReport().snapshot,
      spec: { ...aNodeReport().snapshot.spec, bootstrap: { onFailure: 'Block' as const } },
    };
    const unready = [aCondition({ status: 'False', reason: 'DriftDetected' })];

    expect(isPrepared(aNodeReport({ conditions: unready }))).toBe(true);
    expect(isPrepared(aNodeReport({ unfinished: true }))).toBe(false);
    expect(isPrepared(aNodeReport({ areas: [anAreaReport({ error: new Error('x') })] }))).toBe(false);
    expect(isPrepared(aNodeReport({ snapshot: { ...aNodeReport().snapshot, absent: 'no spec' } }))).toBe(false);
    expect(isPrepared(aNodeReport({ snapshot: blocking, conditions: unready }))).toBe(false);
    expect(isPrepared(aNodeReport({ snapshot: blocking }))).toBe(true);
    expect(
      isPrepared(
        aNodeReport({ snapshot: blocking, conditions: [aCondition({ status: 'False', reason: 'Auditing' })] }),
      ),
    ).toBe(true);
  });
});
