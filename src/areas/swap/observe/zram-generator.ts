/**
 * zram-generator: which devices its configuration declares as swap. Pure.
 *
 * We mask the unit of each device instead of writing configuration. A drop-in cannot delete a
 * section, and what makes the generator skip one (`host-memory-limit`, `zram-size`) differs between
 * its versions 0.x and 1.x; an empty /etc/systemd/zram-generator.conf hides the file of the vendor
 * only, would replace one that the administrator wrote, and also drops zram devices that carry a
 * file system. A masked dev-zram0.swap works with every version, and nothing else pulls in the
 * set-up of the device, which stays empty.
 */
import { swapUnitOf } from '../plan/unit-names.ts';

const PARENTS = ['/usr/lib/systemd', '/usr/local/lib/systemd', '/etc/systemd', '/run/systemd'] as const;
/** The main files; drop-ins are in the folder of the same name with `.d`. */
export const ZRAM_GENERATOR_FILES: readonly string[] = PARENTS.map((parent) => `${parent}/zram-generator.conf`);

/** A section of the configuration that declares swap. */
export interface ZramSection {
  readonly line: number;
  /** `dev-zram0.swap`. */
  readonly unit: string;
}

/** The sections that declare swap; one with a mount point or another file system does not. */
export function parseZramSections(text: string): readonly ZramSection[] {
  const sections: { line: number; name: string; isSwap: boolean }[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const name = /^\[(zram\d+)\]$/.exec(line)?.[1];
    if (name !== undefined) sections.push({ line: index + 1, name, isSwap: true });
    else if (line.startsWith('[')) sections.push({ line: index + 1, name: '', isSwap: false });
    const section = sections.at(-1);
    const [, key, value] = /^(mount-point|fs-type)\s*=\s*(.*)$/.exec(line) ?? [];
    if (section === undefined || key === undefined || value === '') continue;
    section.isSwap = key === 'fs-type' && value === 'swap' && section.isSwap;
  }
  return sections.flatMap(({ line, name, isSwap }) => {
    const unit = isSwap ? swapUnitOf(`/dev/${name}`) : undefined;
    return unit === undefined ? [] : [{ line, unit }];
  });
}
