/** Bodies of answers: whole or line by line, never more than fits, never JSON that is not JSON. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { plainText } from '../../api/yaml/quote.ts';

/** An object has at most 1.5 MB in etcd, its managedFields and an indented form included this is far above it. */
const MAX_BYTES = 8 << 20;

/** The whole text of a body. */
export async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`the answer has more than ${MAX_BYTES >> 20} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The lines of a body as they arrive; what follows the last newline was cut off and is dropped. */
export async function* linesOf(body: Readable, onData: () => void): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let pending: string[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    onData();
    const [head = '', ...rest] = decoder.write(chunk).split('\n');
    pending.push(head);
    length += head.length;
    if (length > MAX_BYTES) throw new Error(`a line of the watch has more than ${MAX_BYTES >> 20} MB`);
    if (rest.length === 0) continue;
    const tail = rest.pop() ?? '';
    const lines = [pending.join(''), ...rest];
    pending = [tail];
    length = tail.length;
    for (const line of lines) if (line.trim() !== '') yield line;
  }
}

/** The value of JSON text; proxies and login pages answer with something else. */
export function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`the answer is not JSON but "${plainText(text, 80)}"`, { cause: error });
  }
}
