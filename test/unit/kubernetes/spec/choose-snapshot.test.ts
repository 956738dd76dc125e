import { describe, expect, it } from 'vitest';
import { loadObject } from '../../../../src/api/spec/load-object.ts';
import { chooseSnapshot, type Known } from '../../../../src/kubernetes/spec/choose-snapshot.ts';
import type { LocalSpec } from '../../../../src/kubernetes/ports.ts';

const load = (spec: object) =>
  loadObject({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec }, 'nodepreps/w');
const good = {
  uid: 'u',
  generation: 4,
  isDeleted: false,
  loaded: load({ deletionPolicy: 'Restore', sysctls: [{ name: 'vm.swappiness', value: 1 }] }),
};
const local: LocalSpec = { kind: 'document', origin: 'files', title: '/etc/x', ...load({ mode: 'Audit' }) };
const none: LocalSpec = { kind: 'none', problem: 'There is no file.' };
const choose = (known: Partial<Known>) =>
  chooseSnapshot({ node: 'w', view: 'present', local: none, willRegister: false, refusedFields: [], ...known });

describe('the spec of a node', () => {
  it.each(['present', 'unknown', 'no-resource'] as const)('is the last good one of the cluster (%s)', (view) => {
    expect(choose({ view, good, local })).toMatchObject({ uid: 'u', generation: 4, source: good.loaded.source });
  });

  it('is the local one before there is one of the cluster', () => {
    for (const view of ['unknown', 'no-resource'] as const)
      expect(choose({ view, local })).toMatchObject({ generation: 0, source: { mode: 'Audit' } });
    expect(choose({ view: 'absent', willRegister: true, local })).toMatchObject({ source: { mode: 'Audit' } });
    expect(choose({ view: 'absent', willRegister: true, local }).absent).toBeUndefined();
  });

  it('stays the last good one while the object is lost, and is said to stay when nobody can tell', () => {
    for (const absence of ['lost', 'unproven'] as const)
      expect(choose({ view: 'absent', absence, local, good })).toMatchObject({ source: good.loaded.source });
    expect(choose({ view: 'absent', absence: 'unproven', local, good }).refused).toContain('Create it again');
  });

  it('is empty, with the deletion policy it had, when the object was deleted', () => {
    const deleted = { ...good, isDeleted: true };
    for (const view of ['absent', 'unknown', 'no-resource'] as const) {
      const snapshot = choose({ view, good: deleted, local });
      expect(snapshot.spec).toEqual({
        mode: 'Enforce',
        areaModes: {},
        deletionPolicy: 'Restore',
        bootstrap: { onFailure: 'Degrade' },
      });
      expect(snapshot.absent).toContain('was deleted');
    }
  });

  it('touches nothing where nobody ever said what is wanted', () => {
    const snapshot = choose({ view: 'absent' });

    expect(snapshot.spec).toMatchObject({ mode: 'Paused' });
    expect(snapshot.absent).toBe(
      'This node has no spec and waits for one: there is no NodePrep in the cluster ("w"). There is no file.',
    );
    expect(choose({ view: 'present', refused: 'bad', uid: 'u', generation: 2 })).toMatchObject({
      uid: 'u',
      generation: 2,
      refused: 'The newest spec is refused, nothing is enforced: bad',
      absent: expect.stringContaining('is refused'),
    });
  });

  it('is the last good one with why the newest was refused, whose generation was seen', () => {
    expect(choose({ good, refused: 'bad', generation: 5, uid: 'u' })).toMatchObject({
      generation: 5,
      refused: 'The newest spec is refused, the last good one is enforced: bad',
      source: good.loaded.source,
      revision: choose({ good }).revision,
    });
    expect(choose({ local, refused: 'bad', generation: 1, uid: 'u' })).toMatchObject({
      uid: 'u',
      refused: 'The newest spec is refused, /etc/x is enforced: bad',
      source: { mode: 'Audit' },
    });
  });

  it('has another revision for every other spec, and says what of the local file has no effect', () => {
    const snapshots = [
      choose({ good }),
      choose({ good: { ...good, generation: 5 } }),
      choose({ good: { ...good, uid: 'v' } }),
      // As after the restore of a backup, from which another change was made.
      choose({ good: { ...good, loaded: load({ mode: 'Paused' }) } }),
      choose({ view: 'absent', good: { ...good, isDeleted: true } }),
      choose({ view: 'unknown', local }),
      choose({ view: 'absent' }),
    ];
    expect(new Set(snapshots.map((one) => one.revision)).size).toBe(snapshots.length);
    expect(choose({ good, local, refusedFields: [{ field: '.spec.mode', manager: 'm' }] }).ownedElsewhere).toContain(
      'what /etc/x declares otherwise: spec.mode (m)',
    );
  });
});
