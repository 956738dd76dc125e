/**
 * Starts a real containerd with each of the configurations that only a start shows: `node record-starts.ts ROOT`, as
 * root, with the root tree of a Debian that has one. Writes `containerd-VERSION-starts.json`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { witnessContainerd } from '../../e2e/harness/runtimes/containerd.ts';
import { STARTS } from './configurations.ts';

const [root = '/'] = process.argv.slice(2);
const { version, witnessed } = await witnessContainerd(root, STARTS);
const configurations = witnessed.map((one) => {
  const files = STARTS[one.name] ?? {};
  if (!('runtime' in one)) return { name: one.name, files, said: { error: one.error } };
  const { answer } = one.runtime;
  if (answer === undefined) return { name: one.name, files, said: { error: one.runtime.unreachable } };
  const runtimes = answer.handlers.map(({ name, type, driver }) => [
    name,
    { type, SystemdCgroup: driver === 'systemd' },
  ]);
  return { name: one.name, files, said: { default: answer.defaultHandler, runtimes: Object.fromEntries(runtimes) } };
});
const file = join(import.meta.dirname, `containerd-${/^[\d.]+/.exec(version)?.[0]}-starts.json`);
writeFileSync(file, `${JSON.stringify({ version, configurations }, undefined, 1)}\n`);
process.stdout.write(`${file}: ${configurations.length}\n`);
