/** As much of the wire format of protocol buffers as the answers of a container runtime need. Pure. */

/** A field of a message; `bytes` of a text or a message, `value` of a number. */
export interface WireField {
  readonly number: number;
  readonly value: number;
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array();

/** The fields of a message in order; `undefined` when the bytes are none. */
export function fieldsOf(message: Uint8Array): readonly WireField[] | undefined {
  const fields: WireField[] = [];
  let at = 0;
  /** Numbers of more than 53 bits lose their last digits; none is of interest. */
  const varint = (): number | undefined => {
    let value = 0;
    for (let shift = 0; shift < 70 && at < message.length; shift += 7) {
      const byte = message[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < message.length) {
    const key = varint();
    if (key === undefined) return undefined;
    const number = Math.floor(key / 8);
    const type = key % 8;
    if (type === 0) {
      const value = varint();
      if (value === undefined) return undefined;
      fields.push({ number, value, bytes: NOTHING });
      continue;
    }
    const length = type === 2 ? varint() : type === 1 ? 8 : type === 5 ? 4 : undefined;
    if (length === undefined || at + length > message.length) return undefined;
    fields.push({ number, value: 0, bytes: message.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

/** The fields of the first message with this number in a message; `undefined` when there is none. */
export function messageIn(fields: readonly WireField[] | undefined, number: number): readonly WireField[] | undefined {
  const field = fields?.find((one) => one.number === number);
  return field === undefined ? undefined : fieldsOf(field.bytes);
}

/** The text with this number in a message; empty when it is not set. */
export function textIn(fields: readonly WireField[] | undefined, number: number): string {
  const field = fields?.find((one) => one.number === number);
  return field === undefined ? '' : Buffer.from(field.bytes).toString('utf8');
}

/** A text of less than 128 bytes with this number, as a message in hexadecimal. */
export function hexOf(number: number, text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.of(number * 8 + 2, bytes.length), bytes]).toString('hex');
}
