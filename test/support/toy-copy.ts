/**
 * A copy of the sources with one area more, made as docs/adding-an-area.md says: a file in `api/parts`, a folder in
 * `areas`, and a key in each of the two lists. Nothing else in the copy is touched.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finished } from './nodeprep-process.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The share of the document: a field, a list that is merged by name, a list that is one value, and a map. */
const PART = `/** Who is greeted on this host. */
import * as z from 'zod';
import { InvalidNameError } from '../yaml/errors.ts';
import { listAt } from '../yaml/located.ts';
import { quoted } from '../yaml/quote.ts';
import { mergedByName } from './merging.ts';
import { NameLimits, nameLimit } from './name-limits.ts';
import { part } from './part.ts';
import { nameProblem } from './problems.ts';

const Person = z.strictObject({
  name: z.string().min(1).max(32).describe('Whom.'),
  text: z.string().max(64).describe('With which words.'),
});

const people = mergedByName(z.array(Person).max(8), {
  what: 'person',
  expand: ({ name, text }) => ({ name: canonical(name), text }),
});

const schema = z
  .strictObject({
    language: z.enum(['en', 'de']).optional().describe('In which language.'),
    people: people.optional().describe('Who is greeted; merged by name.'),
    tags: z.array(z.string().max(8)).max(4).optional().describe('One value.'),
    weights: z.record(z.string().max(8), z.int()).optional().describe('How warmly, by name.'),
  })
  .describe('Who is greeted on this host.');

/** The share of the area greeting in the document. */
export const greeting = part({
  schema,
  title: 'greetings',
  expand: ({ language = 'en', people = [], tags = [], weights = {} }) => ({
    language,
    people: people.map(({ name, text }) => ({ name: canonical(name), text })),
    tags,
    weights,
  }),
  sourceOf: (desired) => desired,
  problems: (document, path) =>
    listAt(document.root, [...path, 'people']).flatMap((entry) => nameProblem(document, [...entry, 'name'], canonical)),
  server: () => ({ fields: { '.people[].name': { pattern: '^[A-Za-z]+$' } } }),
  limits: {
    schema: NameLimits.describe('Who may be greeted.'),
    check: ({ people }, limits, refuse) => {
      for (const { name } of people) {
        const allowed = nameLimit([name], limits);
        if (allowed !== undefined) refuse('.people[name=' + name + ']', quoted(name), allowed);
      }
    },
  },
  entries: {
    words: ['a person (@alice)'],
    example: '@alice',
    named: (text) => (text.startsWith('@') ? canonical(text.slice(1)) : undefined),
  },
  condition: { type: 'GreetingReady', meaning: 'Everybody is greeted as declared.' },
  reasons: { NobodyThere: 'There is nobody to greet.' },
  problemEvents: { '*': 'GreetingFailed' },
  live: {},
});

function canonical(name: string): string {
  if (!/^[A-Za-z]+$/.test(name)) throw new InvalidNameError(quoted(name) + ' is not a person');
  return name.toLowerCase();
}
`;

/** The area: each greeting is a file that takes effect at once. */
const AREA = `/** Greetings in files below /etc/greetings. */
import type { Area, Change, Step } from '../area.ts';

const FOLDER = '/etc/greetings';

type Desired = ReadonlyMap<string, string>;
type Observed = ReadonlyMap<string, string>;

interface GreetingStep extends Step {
  readonly path: string;
  readonly text: string | undefined;
}

/** The area that greets. */
export const greeting: Area<Desired, Observed, GreetingStep> = {
  name: 'greeting',
  desired: (spec) => new Map((spec.greeting?.people ?? []).map(({ name, text }) => [FOLDER + '/' + name, text])),
  observe: async (host, desired, _, memory) => {
    const found = new Map<string, string>();
    for (const path of new Set([...desired.keys(), ...(memory?.keys() ?? [])])) {
      const text = await host.readFile(path);
      if (text !== undefined) found.set(path, text);
    }
    return found;
  },
  plan: (desired, observed, memory) => {
    const step = (path: string, text: string | undefined): GreetingStep => {
      const from = observed.get(path);
      const action = text === undefined ? 'delete' : from === undefined ? 'create' : 'update';
      const change: Change = {
        action,
        target: path.slice(FOLDER.length + 1),
        ...(from === undefined ? {} : { from }),
        ...(text === undefined ? {} : { to: text }),
        scope: 'persistent',
        disruption: 'None',
      };
      const original = from === undefined ? ({ state: 'absent' } as const) : ({ state: 'value', value: from } as const);
      return { path, text, changes: [change], ...(text === undefined ? {} : { memos: [{ key: path, original, wrote: text }] }) };
    };
    const gone = [...memory.keys()].filter((path) => !desired.has(path));
    return {
      entries: [...desired].map(([path, text]) => {
        const persistent = observed.get(path);
        const name = path.slice(FOLDER.length + 1);
        return { name, required: true, desired: text, ...(persistent === undefined ? {} : { persistent }) };
      }),
      steps: [
        ...[...desired].filter(([path, text]) => observed.get(path) !== text).map(([path, text]) => step(path, text)),
        ...gone.filter((path) => observed.has(path)).map((path) => step(path, undefined)),
      ],
      spent: gone,
      blocked: [],
      conflicts: [],
      left: [],
    };
  },
  apply: async (host, { path, text }) => {
    if (text === undefined) await host.removeFile(path);
    else await host.writeFile(path, text);
  },
  hints: () => [{ path: FOLDER, by: 'event' }],
  rival: () => undefined,
  explain: (entry, desired, observed) => {
    const name = entry.replace('@', '').toLowerCase();
    const path = FOLDER + '/' + name;
    const wanted = desired.get(path);
    const live = observed.get(path);
    return {
      name,
      why: 'People like it.',
      breaks: 'The mood.',
      symptom: 'Silence.',
      askedBy: ['manners'],
      ...(wanted === undefined ? {} : { desired: wanted }),
      ...(live === undefined ? {} : { live }),
      sources: [],
      memoryKeys: [path],
      notes: [],
    };
  },
  verify: (desired, observed) =>
    [...desired].map(([path, text]) => ({
      title: 'greeted: ' + path.slice(FOLDER.length + 1),
      looked: path,
      found: observed.get(path) ?? 'nothing',
      outcome: observed.get(path) === text ? 'pass' : 'fail',
      consequence: 'Somebody is sad.',
    })),
  reads: { files: [FOLDER] },
  writesIn: [FOLDER],
  rights: {},
  gauges: [{ name: 'greeting_files', help: 'Greetings.', read: async (host) => (await host.listDirectory(FOLDER))?.length }],
  commands: [{ name: 'hello', summary: 'Say hello', run: async (_, out) => out('hello\\n') }],
};
`;

/** A copy of the project's sources in which programs and scripts run. */
export interface ToyCopy {
  readonly remove: () => void;
  /** Runs a TypeScript program that imports from `./src` and `./scripts`. */
  readonly runSource: (text: string) => Promise<Finished>;
  /** Runs the command line of the copy. */
  readonly nodeprep: (...args: readonly string[]) => Promise<Finished>;
  /** The problems that the compiler has with the copy. */
  readonly compilerProblems: () => Promise<string>;
}

/** Copies the sources and adds the area. */
export function copyWithToyArea(): ToyCopy {
  const copy = mkdtempSync(join(tmpdir(), 'nodeprep-toy-area-'));
  for (const name of ['src', 'scripts', 'package.json', 'tsconfig.json']) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));

  writeFileSync(join(copy, 'src/api/parts/greeting.ts'), PART);
  addTo(
    join(copy, 'src/api/parts/parts.ts'),
    "import { greeting } from './greeting.ts';",
    /(?<=export const PARTS = \{.*)(?= \} as const)/,
    ', greeting',
  );
  mkdirSync(join(copy, 'src/areas/greeting'));
  writeFileSync(join(copy, 'src/areas/greeting/index.ts'), AREA);
  addTo(
    join(copy, 'src/areas/index.ts'),
    "import { greeting } from './greeting/index.ts';",
    /(?=\n {2}\];)/,
    '\n    seal(greeting),',
  );

  const run = (...args: readonly string[]) =>
    new Promise<Finished>((resolve) => {
      execFile(process.execPath, args, { cwd: copy, maxBuffer: 2 ** 24 }, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      );
    });
  return {
    remove: () => rmSync(copy, { recursive: true }),
    runSource: (text) => {
      writeFileSync(join(copy, 'program.ts'), text);
      return run('program.ts');
    },
    nodeprep: (...args) => run('src/main.ts', ...args),
    compilerProblems: async () => {
      const settings = {
        extends: './tsconfig.json',
        include: ['src', 'scripts/crd', 'scripts/reference', 'scripts/generate.ts'],
      };
      writeFileSync(join(copy, 'tsconfig.toy.json'), JSON.stringify(settings));
      const { stdout, stderr } = await run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.toy.json');
      return `${stdout}${stderr}`;
    },
  };
}

/** Adds an import and a key to a list. */
function addTo(path: string, statement: string, place: RegExp, key: string): void {
  const text = readFileSync(path, 'utf8');
  if (!place.test(text)) throw new Error(`No place for a key in ${path}`);
  const at = text.indexOf('import ');
  writeFileSync(path, `${text.slice(0, at)}${statement}\n${text.slice(at).replace(place, key)}`);
}
