/** Loaded before the tests of a mutant: a property that fails has done its work, its smallest example is of no interest. */
import fc from 'fast-check';

fc.configureGlobal({ endOnFailure: true, numRuns: 25 });
