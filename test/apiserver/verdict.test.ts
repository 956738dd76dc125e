/**
 * One verdict: what `nodeprep validate` accepts or refuses as a file, the API server accepts or refuses as an object.
 * The documents are sent as they are, so that the server reads the YAML itself and sees keys that are there twice.
 */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { validateFile, validateText } from '../support/validate-command.ts';
import { type Verdict, verdictDocuments } from '../support/verdict-documents.ts';
import { usingControlPlane } from './harness/control-plane.ts';
import { installDefinition, NODEPREPS } from './harness/definition.ts';
import { entriesOfAllKinds } from './harness/hostile-entries.ts';

// Another seed tries other documents: VERDICT_SEED=$RANDOM VERDICT_RUNS=2000.
const SEED = Number(process.env['VERDICT_SEED'] ?? 1);
const RUNS = Number(process.env['VERDICT_RUNS'] ?? 150);

const plane = usingControlPlane({ flavor: 'current', prepare: installDefinition });

async function serverVerdict(text: string): Promise<{ readonly verdict: Verdict; readonly out: string }> {
  const path = `${NODEPREPS}?dryRun=All&fieldValidation=Strict`;
  const { code, body } = await plane().send('POST', path, text, 'application/yaml');
  if (code !== 201 && (code < 400 || code >= 500)) throw new Error(`The API server answered ${code}`);
  return { verdict: code === 201 ? 'accepted' : 'refused', out: (body as { message?: string }).message ?? '' };
}

describe('a document of the corpus', () => {
  const documents = verdictDocuments();

  test('is one of many, of both kinds', () => {
    expect(documents.filter(({ verdict }) => verdict === 'accepted').length).toBeGreaterThan(40);
    expect(documents.filter(({ verdict }) => verdict === 'refused').length).toBeGreaterThan(100);
  });

  test.each(documents)('has one verdict: $verdict, $name', async ({ path, text, verdict }) => {
    const file = await validateFile(path);
    const server = await serverVerdict(text);

    expect({ file: file.verdict, server: server.verdict }, `${file.out}\n${server.out}`).toEqual({
      file: verdict,
      server: verdict,
    });
  });
});

/**
 * What the server cannot know, because these differences are gone when it has read the YAML. Files refuse them all:
 * people would not get what they wrote, or could not see what they get.
 */
const LOST_IN_READING: Readonly<Record<string, string>> = {
  'a number written in another base or with an exponent': 'sysctls: [{name: a.b, value: 0x10}]',
  'a number with a sign, a point or a leading zero': 'sysctls: [{name: a.b, value: +5}]',
  'an anchor and its alias': 'sysctls: [{name: a.b, value: &one "1"}, {name: a.c, value: *one}]',
};

describe('a difference that the server cannot see', () => {
  test.each(Object.entries(LOST_IN_READING))('is refused in a file: %s', async (_, spec) => {
    const text = `apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nmetadata: {name: node-1}\nspec:\n  ${spec}\n`;

    expect((await validateText(text)).verdict).toBe('refused');
    expect((await serverVerdict(text)).verdict).toBe('accepted');
  });
});

describe('a document without a name', () => {
  const examples = readdirSync('examples').filter((file) => file.endsWith('.yaml') && documentIn(file) !== undefined);

  test.each(examples)('is one for any node, and the server takes it once it has one: examples/%s', async (file) => {
    const text = documentIn(file) ?? '';

    expect((await validateText(text)).verdict).toBe('accepted');
    expect((await serverVerdict(text)).out).toContain('name or generateName is required');
    expect((await serverVerdict(`${text}\nmetadata: {name: node-1}\n`)).verdict).toBe('accepted');
  });
});

function documentIn(file: string): string | undefined {
  const text = readFileSync(`examples/${file}`, 'utf8');
  return /^kind: NodePrep$/m.test(text) && !/^metadata:/m.test(text) ? text : undefined;
}

describe('an entry that nobody has thought of', () => {
  test.each(Object.entries(entriesOfAllKinds))('has one verdict: %s', { timeout: 120_000 }, async (_, specs) => {
    const seen = { accepted: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(specs, async (spec) => {
        const metadata = { name: 'node-1' };
        const text = JSON.stringify({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', metadata, spec });
        const [file, server] = [await validateText(text), await serverVerdict(text)];
        seen[server.verdict] += 1;
        expect(file.verdict, `${text}\n${file.out}\n${server.out}`).toBe(server.verdict);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(Math.min(seen.accepted, seen.refused), 'both verdicts occur').toBeGreaterThan(RUNS / 20);
  });
});
