/**
 * Sums up a CI run: `node scripts/ci-summary.ts STEPS REPORT...`. STEPS has a line "passed NAME", "failed NAME" or
 * "skipped NAME [needs PROGRAM]" per step of .ci/run, each REPORT is a JSON report of vitest. Prints what failed, what
 * was skipped and why, and as the last line the counts. Exits 1 when anything failed or nothing ran.
 */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

interface Assertion {
  readonly fullName: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' | 'disabled';
  readonly meta?: { readonly skipped?: string };
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly Assertion[];
  }[];
}

interface Outcome {
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly name: string;
  /** Why it was skipped, where the name does not say it. */
  readonly reason?: string;
}

function outcomesOfSteps(path: string): readonly Outcome[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Outcome => {
      const { status, name } = /^(?<status>passed|skipped) (?<name>.+)$/.exec(line)?.groups ?? {};
      if (name === undefined) return { status: 'failed', name: line.replace(/^failed /, '') };
      return { status: status === 'passed' ? 'passed' : 'skipped', name };
    });
}

function outcomesOfReport(path: string): readonly Outcome[] {
  if (!existsSync(path)) return [{ status: 'failed', name: `${path}: the tests wrote no report` }];
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  return report.testResults.flatMap(({ name, status, assertionResults }): readonly Outcome[] => {
    const file = relative(process.cwd(), name);
    const outcomes = assertionResults.map((assertion): Outcome => {
      const isSkipped = assertion.status !== 'passed' && assertion.status !== 'failed';
      return {
        status: isSkipped ? 'skipped' : assertion.status,
        name: `${file}: ${assertion.fullName}`,
        ...(assertion.meta?.skipped === undefined ? {} : { reason: assertion.meta.skipped }),
      };
    });
    // A file that cannot be loaded has failed, although none of its tests has.
    const isBroken = status === 'failed' && !outcomes.some((outcome) => outcome.status === 'failed');
    return isBroken ? [...outcomes, { status: 'failed', name: `${file}: could not be run` }] : outcomes;
  });
}

const [steps = '', ...reports] = process.argv.slice(2);
const outcomes = [...outcomesOfSteps(steps), ...reports.flatMap(outcomesOfReport)];
const count = (status: Outcome['status']) => outcomes.filter((outcome) => outcome.status === status).length;
for (const { name, reason } of outcomes.filter((outcome) => outcome.status === 'skipped')) {
  console.log(`skipped: ${name}${/\[needs .+\]$/.test(name) ? '' : ` (${reason ?? 'no reason given'})`}`);
}
for (const { name } of outcomes.filter((outcome) => outcome.status === 'failed')) console.log(`failed: ${name}`);
console.log(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
process.exitCode = count('failed') > 0 || count('passed') === 0 ? 1 : 0;
