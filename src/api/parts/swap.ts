/** The swap policy of a document. */
import * as z from 'zod';
import { parseQuantity, QuantityError, renderQuantity } from '../names/quantity.ts';
import { partAt } from '../yaml/located.ts';
import { quoted } from '../yaml/quote.ts';
import { listed } from '../yaml/words.ts';
import { equalBy } from './merging.ts';
import { part } from './part.ts';

/** How swap may be used on the node. */
export const SwapBehavior = z.enum(['Disabled', 'ZramHostOnly', 'LimitedSwap', 'Unmanaged']);
export type SwapBehavior = z.infer<typeof SwapBehavior>;

/** How swap may be used, and how many bytes stay available while it is emptied. */
export interface SwapSpec {
  readonly behavior: SwapBehavior;
  readonly reserveBytes: number;
}

/** Memory that stays available while swap is emptied, unless the spec says otherwise. */
const DEFAULT_RESERVE = '128Mi';

/** Bytes that both JavaScript and the API server count exactly. */
const MAX_BYTES = Number.MAX_SAFE_INTEGER;

const schema = z
  .strictObject({
    behavior: SwapBehavior.describe(
      'Disabled: no swap now or after a reboot. ZramHostOnly: compressed memory only. LimitedSwap: swap stays and must fit the kubelet configuration. Unmanaged: left alone.',
    ),
    // YAML reads plain bytes and 1e9 as numbers, and Kubernetes takes a quantity either way.
    reserve: equalBy(z.union([z.string().max(32), z.int()]), (value) => String(bytesOf(value) ?? value))
      .optional()
      .meta({ default: DEFAULT_RESERVE, examples: ['128Mi', '1Gi', '500M', 134217728] })
      .describe('Memory that must stay available while swap is emptied, as a Kubernetes quantity. Default 128Mi.'),
  })
  .describe('Whether the host may swap; the kubelet does not start with swap unless it is configured for it.');

/** The share of the area `swap` in the document. */
export const swap = part({
  schema,
  title: 'swap',
  things: ['unit', 'device'],
  instead: 'write "behavior: Disabled" below it',
  expand: (source): SwapSpec => ({
    behavior: source.behavior,
    reserveBytes: parseQuantity(String(source.reserve ?? DEFAULT_RESERVE)),
  }),
  sourceOf: (desired) => ({ behavior: desired.behavior, reserve: renderQuantity(desired.reserveBytes) }),
  problems: (document, path) => {
    const here = [...path, 'reserve'];
    const value = partAt(document.root, here)?.value;
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    try {
      parseQuantity(String(value));
      return [];
    } catch (error) {
      if (error instanceof QuantityError) return [document.problem(here, error.message)];
      throw error;
    }
  },
  server: () => ({
    fields: {
      '.reserve': {
        minimum: 0,
        pattern: '^[+]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2}|[kMGTPE]|[KMGTPE]i)?$',
        'x-kubernetes-validations': [
          {
            rule: `type(self) == int || (quantity(self).isInteger() ? quantity(self).asInteger() <= ${MAX_BYTES} : quantity(self).asApproximateFloat() < ${MAX_BYTES}.0 && sign(quantity(self).sub(int(quantity(self).asApproximateFloat() + 0.5))) == 0)`,
            message: `must be a whole number of bytes, at most ${MAX_BYTES}, such as 128Mi, 1Gi or 500M`,
          },
        ],
      },
    },
  }),
  limits: {
    schema: z
      .strictObject({
        behaviors: z.array(SwapBehavior).min(1).max(8).describe('Values that spec.swap.behavior may have.'),
      })
      .describe('Swap policies that may be declared.'),
    check: ({ behavior }, { behaviors }, refuse) => {
      if (!behaviors.includes(behavior)) refuse('.behavior', quoted(behavior), listed(behaviors));
    },
  },
  entries: {
    words: ['"swap"'],
    example: 'swap',
    named: (text) => (text === 'swap' || text.startsWith('/') ? text : undefined),
  },
  condition: { type: 'SwapReady', meaning: 'Swap is as declared.' },
  reasons: {
    SwapoffUnsafe: 'Emptying swap needs more memory than the machine, or a control group, has available.',
    SwapIncoherent: 'Swap, cgroup version and kubelet configuration do not fit together.',
    SwapReenabled: 'Swap is active again.',
  },
  problemEvents: { SwapoffUnsafe: 'SwapoffSkipped' },
  live: { disable: { drift: 'SwapReenabled', event: 'SwapDisabled', done: 'disabled' } },
});

function bytesOf(value: string | number): number | undefined {
  try {
    return parseQuantity(String(value));
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}
