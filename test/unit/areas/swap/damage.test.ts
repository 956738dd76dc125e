import { describe, expect, it } from 'vitest';
import { LEDGER_PATH } from '../../../../src/reconcile/ledger/ledger.ts';
import { masks, passSwap, REMOVED, swapMachine } from '../../../support/swap-pass.ts';

const FSTAB = '/etc/fstab';

describe('removal after another program was at work', () => {
  it('names the line of fstab that he has changed since, and leaves it as he wants it', async () => {
    const { host } = swapMachine();
    await passSwap(host);
    const edited = (host.text(FSTAB) ?? '').replace('# nodeprep: disabled: ', '#off: ');
    host.put(FSTAB, edited);

    const { left } = await passSwap(host, REMOVED);

    expect(left).toContainEqual(
      expect.objectContaining({ target: FSTAB, message: expect.stringContaining('"LABEL=swap none swap sw 0 0"') }),
    );
    expect(host.text(FSTAB)).toBe(edited);
    expect((await passSwap(host, REMOVED)).left).toEqual([]);
  });

  it('says nothing of lines that were only moved', async () => {
    const { host } = swapMachine();
    await passSwap(host);
    host.put(FSTAB, (host.text(FSTAB) ?? '').split('\n').filter(Boolean).toReversed().join('\n'));

    expect((await passSwap(host, REMOVED)).left).toEqual([]);
  });

  it('names the masks that stay because the record is lost', async () => {
    const { host } = swapMachine();
    await passSwap(host);
    host.put(LEDGER_PATH, undefined);
    const before = masks(host);

    const { left } = await passSwap(host, REMOVED);

    expect(before).toContain('swap.target');
    expect(masks(host)).toEqual(before);
    expect(left.map(({ target }) => target).toSorted()).toEqual(before);
    expect(left[0]?.message).toContain('systemctl unmask');
  });
});
