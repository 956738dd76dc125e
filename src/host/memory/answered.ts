/** Finds the program on a `MemoryHost` that answers on a socket. */
import type { SocketAnswer, SocketQuestion } from '../query.ts';

/** The answer of the first that has one. */
export function answered<H>(
  behaviours: readonly {
    readonly answer?: (host: H, socket: string, question: SocketQuestion) => SocketAnswer | undefined;
  }[],
  host: H,
  socket: string,
  question: SocketQuestion,
): SocketAnswer {
  for (const behaviour of behaviours) {
    const answer = behaviour.answer?.(host, socket, question);
    if (answer !== undefined) return answer;
  }
  return { problem: 'nothing listens on it' };
}
