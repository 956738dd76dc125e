import { expect, test } from 'vitest';
import { withDeadline } from '../../../src/host/deadline.ts';
import { createLinuxHost } from '../../../src/host/linux/linux-host.ts';

test('no command outlasts the deadline, whatever time it was given', async () => {
  const host = withDeadline(createLinuxHost({}), () => 0);

  await expect(host.run(['sleep', '30'], { timeoutMs: 300_000 })).rejects.toMatchObject({ timedOut: true });
  await expect(host.run(['sleep', '30'])).rejects.toMatchObject({ timedOut: true });
});
