/** Draws what a command printed as a picture that looks like a terminal, light or dark as the reader's page is. */

/** A piece of a line in one style. */
interface Run {
  readonly text: string;
  readonly classes: readonly string[];
}

/** The styles that the command line uses (`Paint` in src/cli/output/table.ts), by the code that begins each. */
const STYLES: Readonly<Record<string, string>> = {
  1: 'bold',
  2: 'dim',
  31: 'red',
  32: 'green',
  33: 'yellow',
  36: 'cyan',
};
/** Codes that end styles. */
const ENDS: Readonly<Record<string, readonly string[]>> = {
  0: Object.values(STYLES),
  22: ['bold', 'dim'],
  39: ['red', 'green', 'yellow', 'cyan'],
};

const ESCAPE = '\u{1B}';
/** What switches styles, as a part of its own when a line is split by it. */
const STYLE = new RegExp(`(${ESCAPE}\\[[\\d;]*m)`);

const CHARACTER = 8.4;
const LINE = 19;
const MARGIN = 16;

/** A picture of `$ command` and its output; `columns` is the width of the terminal. Throws on an escape that it does not know. */
export function terminalPicture(title: string, command: string, output: string, columns: number): string {
  const lines = [[{ text: `$ ${command}`, classes: ['bold'] }], ...runsOf(output.replace(/\n$/, ''))];
  const width = Math.ceil(columns * CHARACTER + 2 * MARGIN);
  const height = lines.length * LINE + 2 * MARGIN;
  const rows = lines.map((runs, row) => line(runs, MARGIN + (row + 0.75) * LINE)).filter((text) => text !== '');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #1f2328; }
rect { fill: #f6f8fa; }
.bold { font-weight: bold; } .dim { opacity: 0.65; }
.red { fill: #cf222e; } .green { fill: #1a7f37; } .yellow { fill: #9a6700; } .cyan { fill: #0969da; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } rect { fill: #161b22; }
  .red { fill: #ff7b72; } .green { fill: #3fb950; } .yellow { fill: #d29922; } .cyan { fill: #79c0ff; }
}
</style>
<rect width="100%" height="100%" rx="8"/>
${rows.join('\n')}
</svg>
`;
}

/** Every run stands at its own place with its own length: fonts of readers differ in width. */
function line(runs: readonly Run[], y: number): string {
  let column = 0;
  const words = runs.flatMap(({ text, classes }) => {
    const at = column;
    column += text.length;
    // Not every program that shows pictures keeps several spaces, so what they separate is placed on its own.
    return [...text.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ start: at + match.index, shown: match[0], classes }));
  });
  const texts = words.map(({ start, shown, classes }) => {
    const place = `x="${number(MARGIN + start * CHARACTER)}" y="${number(y)}" textLength="${number(shown.length * CHARACTER)}"`;
    const style = classes.length === 0 ? '' : ` class="${classes.join(' ')}"`;
    return `<text ${place} lengthAdjust="spacingAndGlyphs"${style}>${escaped(shown)}</text>`;
  });
  return texts.join('');
}

function runsOf(output: string): readonly (readonly Run[])[] {
  const styles = new Set<string>();
  return output.split('\n').map((text) => {
    const runs: Run[] = [];
    for (const part of text.split(STYLE)) {
      const code = part.startsWith(ESCAPE) && part.endsWith('m') ? part.slice(2, -1) : undefined;
      if (code === undefined) {
        if (part.includes(ESCAPE)) throw new Error(`Cannot draw the escape sequence in ${JSON.stringify(part)}`);
        if (part !== '') runs.push({ text: part, classes: [...styles] });
      } else for (const one of code.split(';')) switchStyle(styles, one);
    }
    return runs;
  });
}

function switchStyle(styles: Set<string>, code: string): void {
  const style = STYLES[code];
  const ended = ENDS[code];
  if (style !== undefined) styles.add(style);
  else if (ended !== undefined) for (const one of ended) styles.delete(one);
  else throw new Error(`Cannot draw the style with the code ${JSON.stringify(code)}`);
}

function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
