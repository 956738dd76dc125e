/** Texts that a runtime did not take, as they are kept on disk. */
import { expect, it } from 'vitest';
import { readRefused, recordRefused, REFUSED_PATH, type Refused } from '../../../../src/areas/cgroup/refused.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';

const ONE: Refused = {
  user: 'containerd',
  file: '/etc/a',
  sha256: 'a',
  before: 'old',
  why: 'it failed',
  isBack: false,
};

it('is known again, once, with what became of it', async () => {
  const host = new MemoryHost();

  await recordRefused(host, ONE);
  await recordRefused(host, { ...ONE, isBack: true });

  expect(await readRefused(host)).toEqual([{ ...ONE, isBack: true }]);
});

it.each(['', '{', '[]', '{"kind":"RefusedFiles","version":1,"files":[1,null,{"user":"x"}]}', '{"kind":"Ledger"}'])(
  'refuses nothing when the record is %j',
  async (text) => {
    expect(await readRefused(new MemoryHost({ [REFUSED_PATH]: text }))).toEqual([]);
  },
);

it('keeps the newest few', async () => {
  const host = new MemoryHost();
  for (let at = 0; at < 12; at += 1) await recordRefused(host, { ...ONE, sha256: `${at}` });

  expect((await readRefused(host)).map(({ sha256 }) => sha256)).toEqual(['4', '5', '6', '7', '8', '9', '10', '11']);
});
