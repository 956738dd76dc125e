/** The rules of the house: what may import what, how large files are, what every part must have. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AREA_NAMES, PARTS } from '../../src/api/parts/parts.ts';
import { importsOf, type SourceFile, sourceFiles } from '../support/sources.ts';

const SRC = sourceFiles('src');
const TESTS = sourceFiles('test');

/** What each part of src may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  api: [],
  host: [],
  areas: ['api', 'host'],
  reconcile: ['api', 'host', 'areas'],
  disk: ['api', 'host', 'areas', 'reconcile'],
  telemetry: ['api', 'host', 'areas', 'reconcile'],
  kubernetes: ['api', 'reconcile'],
  app: ['api', 'host', 'areas', 'reconcile', 'disk', 'telemetry', 'kubernetes'],
  cli: ['api', 'host', 'areas', 'reconcile', 'disk', 'telemetry', 'app'],
  main: ['cli'],
};

/** Packages, and the parts of Node that reach outside the process, with the parts that may import them, mostly one. */
const HOME_OF: Readonly<Record<string, string | readonly string[]>> = {
  zod: 'api',
  yaml: 'api',
  chokidar: 'host',
  'node:fs': 'host',
  'node:fs/promises': 'host',
  'node:child_process': 'host',
  'node:net': 'host',
  'node:http': 'telemetry',
  // The API server, and container runtimes on their sockets.
  'node:http2': ['kubernetes', 'host'],
  '@kubernetes/client-node': 'kubernetes',
  'prom-client': 'telemetry',
  commander: 'cli',
  diff: 'cli',
  'smol-toml': 'areas',
};

const partOf = (path: string) => (path === 'src/main.ts' ? 'main' : (path.split('/')[1] ?? ''));
const packageOf = (name: string) => (name.startsWith('@') ? name.split('/', 2).join('/') : (name.split('/')[0] ?? ''));

/** Imports that go from one part of src to another against the direction. */
function wrongDirections(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) =>
    file.imports
      .filter((name) => name.startsWith('src/'))
      .filter((name) => partOf(name) !== partOf(file.path) && !MAY_IMPORT[partOf(file.path)]?.includes(partOf(name)))
      .map((name) => `${file.path} -> ${name}`),
  );
}

/** Imports of packages outside their home, or of packages nobody has given a home. */
function strayPackages(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) =>
    file.imports
      .filter((name) => !name.startsWith('src/') && name !== 'package.json')
      .filter((name) => {
        const key = name.startsWith('node:') ? name : packageOf(name);
        const homes = HOME_OF[key] ?? (name.startsWith('node:') ? partOf(file.path) : []);
        return ![homes].flat().includes(partOf(file.path));
      })
      .map((name) => `${file.path} -> ${name}`),
  );
}

/** The first circle of imports that is found, as a path of files. */
function circle(files: readonly SourceFile[]): readonly string[] {
  const imports = new Map(files.map((file) => [file.path, file.imports.filter((name) => name.startsWith('src/'))]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of imports.get(path) ?? []) {
      const found = visit(next, [...trail, path]);
      if (found.length > 0) return found;
    }
    done.add(path);
    return [];
  };
  for (const path of imports.keys()) {
    const found = visit(path, []);
    if (found.length > 0) return found;
  }
  return [];
}

/** Exports without a doc comment. A type that only names the shape of the constant above it needs none of its own. */
function undocumentedExports(file: SourceFile): readonly string[] {
  return file.lines.flatMap((line, at) => {
    const name = /^export (?:async |abstract )*(?:const|function\*?|class|interface|type) (\w+)/.exec(line)?.[1];
    if (name === undefined) return [];
    const isTwin = /^export type \w+ = .*\btypeof \w+/.test(line) && file.lines[at - 1]?.trim() !== '';
    // The overloads and the implementation of a function share one comment.
    const isOverload = file.lines.slice(0, at).some((earlier) => earlier.startsWith(`export function ${name}(`));
    const isDocumented = file.lines[at - 1]?.trimEnd().endsWith('*/') ?? false;
    return isDocumented || isTwin || isOverload ? [] : [`${file.path}:${at + 1} ${name}`];
  });
}

const matching = (files: readonly SourceFile[], pattern: RegExp) =>
  files.flatMap((file) =>
    file.lines.flatMap((line, at) => (pattern.test(line) ? [`${file.path}:${at + 1} ${line.trim()}`] : [])),
  );

describe('imports', () => {
  test('go one way: api, host <- areas <- reconcile <- disk, telemetry, kubernetes <- app <- cli <- main', () => {
    expect(wrongDirections(SRC)).toEqual([]);
  });

  test('lead only into parts that the rules know', () => {
    expect([...new Set(SRC.map((file) => partOf(file.path)))].filter((part) => !(part in MAY_IMPORT))).toEqual([]);
  });

  test('form no circle between files', () => {
    expect(circle(SRC)).toEqual([]);
  });

  test('of a package, of the file system and of processes happen in one part only', () => {
    expect(strayPackages(SRC)).toEqual([]);
  });

  test('load the code for the cluster only where it is used: through app/daemon/cluster.ts, and that late', () => {
    const outside = SRC.filter((file) => !/^src\/(kubernetes\/|app\/daemon\/cluster\.ts$)/.test(file.path));

    // What is imported for its types alone is not loaded.
    expect(matching(outside, /^(?:import|export) (?!type\b).*from '.*\/(?:kubernetes\/.*|cluster\.ts)';$/)).toEqual([]);
    expect(matching(outside, /\bimport\(.*\/cluster\.ts'\)/)).not.toEqual([]);
  });

  test('are seen by these rules in every form, and a wrong one is found', () => {
    const text = [
      "import type { A } from '../host/host.ts';",
      "import {\n  b,\n  c,\n} from '../app/index.ts';",
      "export { d } from './d.ts';",
      "const { e } = await import('zod');",
      "const http = process.getBuiltinModule('node:http');",
      "import 'chokidar';",
    ].join('\n');
    const file = { path: 'src/api/a.ts', lines: text.split('\n'), imports: importsOf('src/api/a.ts', text) };
    const back = { path: 'src/api/d.ts', lines: [], imports: ['src/api/a.ts'] };

    expect(wrongDirections([file])).toEqual(['src/api/a.ts -> src/host/host.ts', 'src/api/a.ts -> src/app/index.ts']);
    expect(strayPackages([file])).toEqual(['src/api/a.ts -> chokidar', 'src/api/a.ts -> node:http']);
    expect(circle([file, back])).toEqual(['src/api/a.ts', 'src/api/d.ts', 'src/api/a.ts']);
    expect(
      undocumentedExports({ ...file, lines: ['/** A. */', 'export const a = 1;', '', 'export const b = 2;'] }),
    ).toEqual(['src/api/a.ts:4 b']);
  });
});

describe('source files', () => {
  const sizes = SRC.map((file) => file.lines.length).toSorted((a, b) => a - b);
  const quantile = (part: number) => sizes[Math.min(Math.floor(sizes.length * part), sizes.length - 1)] ?? 0;

  test('are small: none above 300 lines, half of them at most 80, nine in ten at most 200', () => {
    expect(SRC.filter((file) => file.lines.length > 300).map((file) => `${file.path}: ${file.lines.length}`)).toEqual(
      [],
    );
    expect(quantile(0.5)).toBeLessThanOrEqual(80);
    expect(quantile(0.9)).toBeLessThanOrEqual(200);
  });

  test('say for every exported symbol what it is for', () => {
    expect(SRC.flatMap(undocumentedExports)).toEqual([]);
  });

  test('have names that say what they hold', () => {
    const vague = /^(utils?|helpers?|common|manager|base|misc|shared)\b/;
    expect(SRC.map((file) => file.path).filter((path) => path.split('/').some((part) => vague.test(part)))).toEqual([]);
    expect(SRC.map((file) => basename(file.path)).filter((name) => !/^[a-z0-9-]+(\.d)?\.ts$/.test(name))).toEqual([]);
  });

  test('stand in folders of at most 14', () => {
    const folders = Map.groupBy(SRC, (file) => dirname(file.path));
    expect(
      [...folders].filter(([, files]) => files.length > 14).map(([path, files]) => `${path}: ${files.length}`),
    ).toEqual([]);
  });

  test('end the process in main.ts only', () => {
    expect(matching(SRC, /process\.(exit|abort)\b/).filter((hit) => !hit.startsWith('src/main.ts:'))).toEqual([]);
  });

  test('have neither default exports nor a way around the types', () => {
    expect(matching(SRC, /^export default\b|@ts-(ignore|expect-error|nocheck)|\bas any\b/)).toEqual([]);
  });
});

describe('words', () => {
  test('have a subject: the code, a program or a role, and none that could be any person', () => {
    const anyone = /\b(somebody|nobody|whoever|anybody|mend(s|ed)?|be it that|for ever)\b/i;

    expect(matching([...SRC, ...sourceFiles('scripts')], anyone)).toEqual([]);
  });
});

describe('areas', () => {
  /** The folder of an area is its name in small letters, with dashes. */
  const folderOf = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

  test('are named nowhere but in api, areas and the Linux of the tests', () => {
    const elsewhere = SRC.filter((file) => /^src\/(reconcile|kubernetes|disk|app|telemetry|cli)\//.test(file.path));
    const names = AREA_NAMES.join('|');
    const types = AREA_NAMES.map((name) => PARTS[name].condition.type).join('|');

    const code = '^(?! *(/?\\*|//)).*';
    expect(matching(elsewhere, new RegExp(`${code}'(${names})'|${code}\\bspec\\??\\.(${names})\\b`))).toEqual([]);
    expect(matching(elsewhere, new RegExp(`\\b(${types})\\b`))).toEqual([]);
    expect(matching(elsewhere, new RegExp(`\\bareas/(${AREA_NAMES.map(folderOf).join('|')})/`))).toEqual([]);
  });

  /** Files of every area; one that outgrew a file is a folder of the same name around it. */
  const SHAPE = ['index', 'desired', 'observe', 'plan', 'apply', 'hints', 'knowledge', 'explain', 'verify'];
  test.each(AREA_NAMES.map(folderOf))('%s has the same shape as the others', (name) => {
    const files = readdirSync(`src/areas/${name}`);

    expect(
      SHAPE.filter((part) => !files.includes(`${part}.ts`) && !existsSync(`src/areas/${name}/${part}/${part}.ts`)),
    ).toEqual([]);
  });

  test.each(AREA_NAMES)('%s has the names of the others', (name) => {
    const exported = new Map(
      SHAPE.map((part) => [
        part,
        SRC.find(({ path }) => path.startsWith(`src/areas/${folderOf(name)}/`) && basename(path) === `${part}.ts`),
      ]),
    );
    const has = (part: string, words: string) =>
      exported.get(part)?.lines.some((line) => new RegExp(`^export .*\\b(?:${words})\\b`).test(line)) ?? false;

    expect(
      [
        ['desired', 'Desired'],
        ['desired', 'desiredFrom'],
        ['observe', 'Observed'],
        ['observe', 'observe[A-Z]\\w*'],
        ['plan', 'plan[A-Z]\\w*'],
        ['apply', 'apply[A-Z]\\w*'],
        ['hints', 'hintsFor'],
        ['knowledge', 'rivalOf'],
        ['explain', 'explain[A-Z]\\w*'],
        ['verify', 'verify[A-Z]\\w*'],
      ].filter(([part = '', words = '']) => !has(part, words)),
    ).toEqual([]);
  });

  test.each(AREA_NAMES)('%s is held to the six properties', (name) => {
    const suite = TESTS.find(({ path }) => path === `test/property/${folderOf(name)}.test.ts`);

    expect(suite?.lines.some((line) => line.startsWith('holdsTheSixProperties('))).toBe(true);
  });
});

test('decisions are numbered one after the other', () => {
  const numbers = readdirSync('docs/adr').map((name) => Number(/^\d{4}(?=-.+\.md$)/.exec(name)?.[0]));

  expect(numbers).toEqual(numbers.map((_, at) => at + 1));
});

describe('tests', () => {
  const others = TESTS.filter((file) => file.path !== 'test/unit/house.test.ts');

  test('replace no module of our own by a mock', () => {
    expect(matching(others, /\bvi\.(do)?mock\((?!'node:)/)).toEqual([]);
  });

  test('never sleep: they use fake timers or poll for what they expect', () => {
    // Other machines and other processes have a clock of their own, which nothing here can fake.
    const outside = /^test\/(e2e|apiserver)\/|\/(crash\.test|hand-over\.test|random-kills)\.ts$/;
    const inProcess = others.filter((file) => !outside.test(file.path));
    expect(
      matching(inProcess, /new Promise\b.*\bsetTimeout\(|^import .*from 'node:timers\/promises'|Atomics\.wait\(/),
    ).toEqual([]);
  });

  test('are never narrowed to one, and say why when they are skipped', () => {
    expect(matching(others, /\b(test|it|describe)\.only\(|\b(test|it|describe)\.skip\(/)).toEqual([]);
  });
});
