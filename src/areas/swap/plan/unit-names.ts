/** Names of swap units as systemd derives them from devices (systemd-escape(1), systemd.swap(5)). Pure. */

/** Longest file name, so longest unit name. */
const MAX_LENGTH = 255;

/** The swap unit of a path that has one character per byte; `undefined` when there can be none. */
export function swapUnitOf(path: string): string | undefined {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (!path.startsWith('/') || parts.length === 0 || parts.includes('..')) return undefined;
  const escaped = parts.map((part) => part.replaceAll(/[^A-Za-z0-9:_.]/g, hex)).join('-');
  const name = `${escaped.replace(/^\./, hex)}.swap`;
  return name.length > MAX_LENGTH ? undefined : name;
}

const LINKS: Readonly<Record<string, string>> = {
  LABEL: 'by-label',
  UUID: 'by-uuid',
  PARTUUID: 'by-partuuid',
  PARTLABEL: 'by-partlabel',
  ID: 'by-id',
};

/** The path that systemd makes of the first field of fstab: `LABEL=swap` is `/dev/disk/by-label/swap`. */
export function fstabDevicePath(source: string): string | undefined {
  if (source.startsWith('/')) return source;
  const [, tag = '', value = ''] = /^([A-Z]+)=([^]*)$/.exec(source) ?? [];
  const folder = Object.hasOwn(LINKS, tag) ? LINKS[tag] : undefined;
  if (folder === undefined || value === '') return undefined;
  return `/dev/disk/${folder}/${encodeForUdev(value.replace(/^(["'])([^]*)\1$/, '$2'))}`;
}

/** One character per byte, for `swapUnitOf`. */
export function bytesFrom(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

/** The text of bytes, for paths on the host. */
export function textFrom(bytes: string): string {
  return new TextDecoder().decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
}

/** udev writes what is neither safe nor part of a UTF-8 letter as \xNN in the names of its links. */
function encodeForUdev(value: string): string {
  const isText = bytesFrom(textFrom(value)) === value;
  return value.replaceAll(isText ? /[^A-Za-z0-9#+\-.:=@_\u0080-\u00ff]/g : /[^A-Za-z0-9#+\-.:=@_]/g, hex);
}

function hex(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
