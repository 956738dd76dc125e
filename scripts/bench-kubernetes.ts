/**
 * Measures the memory of an agent that loses its connection again and again.
 *   npm run bench:kubernetes                 10,000 reconnects, some minutes
 *   npm run bench:kubernetes -- 500 1000     after as many as given
 */
import { measureReconnects, type Sample } from './bench/reconnects.ts';

const given = process.argv.slice(2).map(Number);
const steps = given.length > 0 ? given : [0, 1000, 5000, 10_000];
if (steps.some((step, index) => !Number.isInteger(step) || step < (steps[index - 1] ?? 0)))
  throw new Error('Cannot measure: the arguments are rising numbers of reconnects');

console.log('reconnects   RSS MB   anonymous MB   open files');
const show = ({ reconnects, rssMb, anonymousMb, openFiles }: Sample) =>
  console.log(
    [
      String(reconnects).padStart(10),
      rssMb.toFixed(1).padStart(8),
      anonymousMb.toFixed(1).padStart(14),
      String(openFiles).padStart(12),
    ].join(' '),
  );
await measureReconnects(steps, show);
