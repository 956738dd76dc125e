/** What a running systemd says about units, and which units bring swap besides `.swap` ones. Pure. */

/** A unit as `systemctl show` describes it. */
export interface LiveUnit {
  readonly name: string;
  /** `loaded`, `masked`, `not-found`… */
  readonly load: string;
  readonly isActive: boolean;
  readonly fragment: string;
  /** The configuration it was generated from, such as `/etc/fstab`. */
  readonly source: string;
  readonly what: string;
  /** The unit that this one is another name of, such as by-uuid of a partition. */
  readonly following: string;
  readonly dropIns: readonly string[];
}

/** The properties that `parseUnits` reads. */
export const UNIT_PROPERTIES = 'Id,LoadState,ActiveState,FragmentPath,SourcePath,What,Following,DropInPaths';

/** Parses the blocks that `systemctl show` prints, one for each unit. */
export function parseUnits(output: string): readonly LiveUnit[] {
  return output.split(/\n{2,}/).flatMap((block) => {
    const values = new Map(
      block.split('\n').map((line): [string, string] => {
        const at = line.indexOf('=');
        return [line.slice(0, Math.max(at, 0)), line.slice(at + 1)];
      }),
    );
    const of = (key: string) => values.get(key) ?? '';
    if (of('Id') === '') return [];
    return [
      {
        name: of('Id'),
        load: of('LoadState'),
        isActive: ['active', 'activating', 'reloading'].includes(of('ActiveState')),
        fragment: of('FragmentPath'),
        source: of('SourcePath'),
        what: of('What'),
        following: of('Following'),
        dropIns: of('DropInPaths').split(' ').filter(Boolean).map(unquote),
      },
    ];
  });
}

/** systemctl quotes a path of a list that has a backslash in it, and doubles the backslash. */
function unquote(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replaceAll('\\\\', '\\') : word;
}

/** The target that pulls in every swap unit at boot. */
export const SWAP_TARGET = 'swap.target';

/**
 * Services that turn swap on themselves, past every `.swap` unit. A service that does more than
 * that, such as Armbian's zram configuration, is not among them: masking it would break the rest.
 */
export const SWAP_SERVICES: Readonly<Record<string, { readonly isZram: boolean; readonly from: string }>> = {
  'dphys-swapfile.service': { isZram: false, from: 'dphys-swapfile (Raspberry Pi OS up to bookworm)' },
  'swapspace.service': { isZram: false, from: 'swapspace' },
  'systemd-swap.service': { isZram: false, from: 'systemd-swap' },
  'zram-config.service': { isZram: true, from: 'zram-config (Ubuntu)' },
  'zram-swap.service': { isZram: true, from: 'zram-swap' },
  'zramswap.service': { isZram: true, from: 'zram-tools (Debian)' },
};

/** Whether the name is a unit that this area looks after. */
export function isSwapUnit(name: string): boolean {
  return name.endsWith('.swap') || name === SWAP_TARGET || Object.hasOwn(SWAP_SERVICES, name);
}

/** Whether everything that the unit starts is compressed memory. */
export function isZramUnit(name: string, live?: LiveUnit): boolean {
  if (Object.hasOwn(SWAP_SERVICES, name)) return SWAP_SERVICES[name]?.isZram ?? false;
  return (
    [name, live?.following ?? ''].some((one) => /^dev-zram\d+\.swap$/.test(one)) ||
    /^\/dev\/zram\d+$/.test(live?.what ?? '')
  );
}
