import { HostFileError } from '../../host/errors.ts';

/**
 * Makes a function that does work on records of our own: one that cannot be read or written costs what it would have
 * said, and not the care for the host. Each problem is told once, until some work succeeds.
 */
export function tolerant(onProblem: (problem: string) => void) {
  let problem: string | undefined;
  return async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      const result = await work();
      problem = undefined;
      return result;
    } catch (error) {
      if (!(error instanceof HostFileError)) throw error;
      if (problem !== error.message) onProblem(error.message);
      problem = error.message;
      return otherwise;
    }
  };
}
