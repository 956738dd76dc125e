/** Point 1: a host is ready after the installation, and at every boot before a kubelet starts, on each release of Debian. */
import { expect } from 'vitest';
import type { Suite } from '../harness/image.ts';
import type { Machine } from '../harness/machine.ts';
import { note } from '../harness/note.ts';
import { install, nodeScenario } from '../harness/scenario.ts';
import { expectReady, expectReadyBeforeKubelet, expectStartedFirst, LIVE_AS_DECLARED, live } from '../harness/world.ts';

/** What systemd 252 says of the units. Lower it when one more door is closed; the units say why others stay open. */
const EXPOSURE = 4.2;

/** How open systemd finds a unit, from 0 to 10, and what makes it so. */
async function security(machine: Machine, unit: string): Promise<{ exposure: number; exceptions: readonly string[] }> {
  const text = await machine.run(
    `SYSTEMD_COLORS=0 systemd-analyze security --no-pager ${unit} | grep -E "Overall| [0-9][.][0-9]$"`,
  );
  return {
    exposure: Number(/Overall exposure level for \S+: ([0-9.]+)/.exec(text)?.[1] ?? Number.NaN),
    exceptions: text.split('\n').flatMap((line) => /^\S*\s*([A-Z][A-Za-z]+=\S*).* [0-9]\.[0-9]$/.exec(line)?.[1] ?? []),
  };
}

const RELEASES: readonly { readonly suite: Suite; readonly name: string }[] = [
  { suite: 'bookworm', name: 'Debian 12' },
  { suite: 'trixie', name: 'Debian 13' },
];

for (const { suite, name } of RELEASES) {
  nodeScenario(
    `a pristine host with ${name} is ready after install, and after each boot before the kubelet starts`,
    10,
    async (nodes) => {
      const node = await nodes.pristine({ suite });
      note(await node.run('. /etc/os-release; echo "$PRETTY_NAME, $(systemctl --version | head -n 1)"'));
      const begin = performance.now();
      await install(node);
      note(`install until ready: ${((performance.now() - begin) / 1000).toFixed(1)} s`);

      await expectReady(node);
      expect(await live(node)).toBe(LIVE_AS_DECLARED);
      expect(await node.run('nodeprep version; systemctl is-enabled nodeprep-bootstrap nodeprep')).toMatch(
        /^nodeprep \d.*\nenabled\nenabled$/,
      );
      const again = await node.exec('nodeprep install');
      expect(again).toMatchObject({ exitCode: 0, output: expect.stringContaining('was installed already') });
      for (const unit of ['nodeprep.service', 'nodeprep-bootstrap.service']) {
        const { exposure, exceptions } = await security(node, unit);
        note(`systemd-analyze security ${unit}: ${exposure}; open on purpose: ${exceptions.join(', ')}`);
        expect(exposure).toBeLessThanOrEqual(EXPOSURE);
      }

      await node.reboot();

      await expectReady(node);
      expect(await live(node)).toBe(LIVE_AS_DECLARED);
      await expectReadyBeforeKubelet(node);
      await expectStartedFirst(node);
    },
  );
}
