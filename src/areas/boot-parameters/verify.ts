/** The checks of the guides: the next boot has a parameter, and this one has it and its effect. Pure. */
import type { Check } from '../area.ts';
import type { Desired } from './desired.ts';
import { bootKnowledge } from './knowledge.ts';
import { COMMAND_LINE } from './observe/kernel-facts.ts';
import type { Observed } from './observe/observe.ts';
import { plainBootName } from '../../api/names/boot-parameters.ts';
import { isInForce, loaderOf, type ParameterState, statesOf } from './plan/states.ts';
import { desiredText, liveText } from './plan/steps.ts';

/** Two checks for each declared parameter. */
export function verifyBoot(desired: Desired, observed: Observed): Check[] {
  const loader = loaderOf(observed);
  return statesOf(desired, observed).flatMap((state) => {
    const { entry, nextBoot, isMet } = state;
    const text = desiredText(state);
    const failure = entry.required ? 'fail' : 'warn';
    const { breaks } = bootKnowledge(plainBootName(entry.parameter));
    const next: Check = {
      title: `next boot has ${text}`,
      looked: loader?.state.entries[0]?.file ?? 'boot loader',
      found: isMet ? 'not needed' : nextBoot === undefined ? 'cannot be seen' : nextBoot ? text : 'not as declared',
      outcome: isMet || nextBoot === true ? 'pass' : nextBoot === undefined ? 'skip' : failure,
      consequence: `${breaks} Run "nodeprep plan" to see what is in the way.`,
    };
    return [next, thisCheck(state, text, failure, breaks)];
  });
}

function thisCheck(state: ParameterState, text: string, failure: 'fail' | 'warn', breaks: string): Check {
  const { effect, thisBoot } = state;
  return {
    title: `this boot has ${text}`,
    looked: effect?.looked ?? COMMAND_LINE,
    found: thisBoot === undefined ? 'no running kernel' : [liveText(state), effect?.found].filter(Boolean).join(', '),
    outcome: thisBoot === undefined ? 'skip' : isInForce(state) ? 'pass' : failure,
    consequence: `${breaks} Reboot once the next boot has it.`,
  };
}
