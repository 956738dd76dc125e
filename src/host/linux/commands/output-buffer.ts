const excerptLines = 3;
const excerptCharacters = 300;

/** Collects the output of a command up to a limit. */
export class OutputBuffer {
  readonly #limit: number;
  readonly #parts: Buffer[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Keeps `data`; `false` when the limit is exceeded, from where on nothing more is kept. */
  add(data: Buffer): boolean {
    this.#size += data.length;
    if (this.#size > this.#limit) return false;
    this.#parts.push(data);
    return true;
  }

  text(): string {
    return Buffer.concat(this.#parts).toString('utf8');
  }
}

/** The first lines of an output on one line, fit for a terminal and a log: no control characters. */
export function excerptFrom(output: string): string {
  const lines = output
    .slice(0, 64 * 1024)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const text = lines.slice(0, excerptLines).join('; ').replace(/\p{C}/gu, escapeCharacter);
  const cut = text.length > excerptCharacters || lines.length > excerptLines;
  return cut ? `${text.slice(0, excerptCharacters)} ...` : text;
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
