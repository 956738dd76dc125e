/** What is known about a kernel parameter: why Kubernetes needs it, what fails without it, which components ask for it and which change it. */
import { keyPathFrom } from '../values/key-path.ts';
import type { Knowledge } from './knowledge-entry.ts';
import { KERNEL_KNOWLEDGE } from './knowledge-kernel.ts';
import { NETWORK_KNOWLEDGE } from './knowledge-network.ts';

const KNOWLEDGE: readonly Knowledge[] = [...NETWORK_KNOWLEDGE, ...KERNEL_KNOWLEDGE];

/** Parameters with texts of their own, each with why Kubernetes needs it. */
export const TOPICS = KNOWLEDGE.flatMap(({ names, why }) => names.map((name) => ({ name, why })));

/** Whether there are texts about a parameter. */
export function isKnown(name: string): boolean {
  const keyPath = keyPathFrom(name);
  return KNOWLEDGE.some(({ keys }) => keys.test(keyPath));
}

/** What is known about a parameter; neutral texts for an ordinary one. */
export function knowledgeOf(name: string): Knowledge {
  const keyPath = keyPathFrom(name);
  const known = KNOWLEDGE.find(({ keys }) => keys.test(keyPath));
  return known ?? { keys: /^/, names: [], ...ORDINARY };
}

/** The likely other party when a parameter keeps changing. */
export function rivalOf(name: string): string | undefined {
  const keyPath = keyPathFrom(name);
  return knowledgeOf(name).rival ?? RIVALS.find(([pattern]) => pattern.test(keyPath))?.[1];
}

const ORDINARY = {
  why: 'Kubernetes itself does not ask for this parameter.',
  breaks: 'Nothing in Kubernetes depends on it by name; programs on this node may.',
  symptom: 'There is no typical error message.',
  askedBy: [],
} as const;

const RIVALS: readonly (readonly [RegExp, string])[] = [
  [/^net\/ipv[46]\/(?:conf|neigh)\//, 'the CNI plugin, systemd-networkd or NetworkManager'],
  [/^net\//, 'the CNI plugin, tuned or a cloud-init script'],
  [/^(?:vm|kernel|fs)\//, 'tuned, cloud-init or an init container that sets kernel parameters'],
];
