/**
 * Tells a binary where to look for libraries, without moving a byte of it.
 *
 * patchelf moves the dynamic strings to a new segment, and after that Node's own injection writes
 * an executable that does not start. So this overwrites in place: the text goes over the name of an
 * exported symbol (only native addons would look for one, and a single executable loads none), and
 * the entry over DT_FLAGS, which says "bind now" a second time next to DT_FLAGS_1.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const DYNAMIC_SEGMENT = 2;
const LOADED_SEGMENT = 1;
const TAG = { null: 0, needed: 1, strings: 5, symbols: 6, stringsSize: 10, runpath: 29, flags: 30 } as const;
const FLAGS_1 = 0x6ffffffb;
const BIND_NOW = 8n;
const NOW_1 = 1n;
const SYMBOL_BYTES = 24;

/** Sets DT_RUNPATH of a 64-bit little-endian executable. Throws when the file has no room for it. */
export function addRunpath(file: string, runpath: string): void {
  const bytes = readFileSync(file);
  const entries = dynamicEntries(bytes);
  const valueOf = (tag: number) => entries.find((entry) => entry.tag === tag)?.value;
  const flags = entries.find((entry) => entry.tag === TAG.flags);
  if (entries.some((entry) => entry.tag === TAG.runpath)) throw new Error(`"${file}" has a runpath already`);
  if (flags?.value !== BIND_NOW || ((valueOf(FLAGS_1) ?? 0n) & NOW_1) === 0n) {
    throw new Error(`Cannot add a runpath to "${file}": it has no dynamic entry that can be spared`);
  }
  const strings = offsetOf(bytes, valueOf(TAG.strings) ?? 0n);
  const spare = spareName(bytes, {
    strings,
    size: Number(valueOf(TAG.stringsSize) ?? 0n),
    symbols: offsetOf(bytes, valueOf(TAG.symbols) ?? 0n),
    room: runpath.length,
  });
  bytes.write(`${runpath}\0`, strings + spare, 'latin1');
  bytes.writeBigUInt64LE(BigInt(TAG.runpath), flags.at);
  bytes.writeBigUInt64LE(BigInt(spare), flags.at + 8);
  writeFileSync(file, bytes);
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly size: number;
}

function segments(bytes: Buffer): Segment[] {
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) throw new Error('Not an ELF64 file');
  const start = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, index) => {
    const at = start + index * size;
    return {
      type: bytes.readUInt32LE(at),
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      address: bytes.readBigUInt64LE(at + 16),
      size: Number(bytes.readBigUInt64LE(at + 32)),
    };
  });
}

function dynamicEntries(bytes: Buffer): { at: number; tag: number; value: bigint }[] {
  const segment = segments(bytes).find(({ type }) => type === DYNAMIC_SEGMENT);
  if (segment === undefined) throw new Error('Not a dynamic executable');
  const entries = [];
  for (let at = segment.offset; at < segment.offset + segment.size; at += 16) {
    const tag = Number(bytes.readBigUInt64LE(at));
    if (tag === TAG.null) break;
    entries.push({ at, tag, value: bytes.readBigUInt64LE(at + 8) });
  }
  return entries;
}

/** Where in the file an address of the running program comes from. */
function offsetOf(bytes: Buffer, address: bigint): number {
  const segment = segments(bytes).find(
    (one) => one.type === LOADED_SEGMENT && address >= one.address && address < one.address + BigInt(one.size),
  );
  if (segment === undefined) throw new Error(`No part of the file is loaded at ${address}`);
  return segment.offset + Number(address - segment.address);
}

/** The offset of a name of an exported function that is long enough and that no other name ends in. */
function spareName(
  bytes: Buffer,
  table: { readonly strings: number; readonly size: number; readonly symbols: number; readonly room: number },
): number {
  const uses = new Map<number, number>();
  const exported: number[] = [];
  // The symbols have no count of their own; the strings follow them as linkers lay them out.
  for (let at = table.symbols + SYMBOL_BYTES; at + SYMBOL_BYTES <= table.strings; at += SYMBOL_BYTES) {
    const name = bytes.readUInt32LE(at);
    uses.set(name, (uses.get(name) ?? 0) + 1);
    if (bytes.readUInt16LE(at + 6) !== 0) exported.push(name);
  }
  for (const name of exported) {
    const start = table.strings + name;
    const length = bytes.indexOf(0, start) - start;
    if (length < Math.max(table.room, 64) || bytes[start - 1] !== 0 || uses.get(name) !== 1) continue;
    const isShared = Array.from({ length }, (_, letter) => name + letter + 1).some((at) => uses.has(at));
    if (!isShared && name + length < table.size) return name;
  }
  throw new Error('No symbol name can be spared');
}
