/** Text as a string with one character per byte, as a `MemoryHost` stores it. */
export const toBytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
/** What such a string says as UTF-8. */
export const fromBytes = (bytes: string) => Buffer.from(bytes, 'latin1').toString('utf8');
