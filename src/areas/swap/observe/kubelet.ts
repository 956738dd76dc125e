/** Whether the kubelet is configured to run with swap and to let pods use it within limits. Pure. */
import type { KubeletConfig } from '../../kubelet.ts';
import { objectIn } from '../../tables.ts';
import type { ConfigFile } from '../../unit-files.ts';

/** What the files say together; `undefined` where none says anything, so the kubelet's default holds. */
export interface KubeletSwap {
  readonly files: readonly string[];
  readonly failSwapOn: boolean | undefined;
  readonly swapBehavior: string | undefined;
  readonly isGateOff: boolean;
  /** Files that cannot be understood. */
  readonly problems: readonly string[];
}

/** Reads the files in order: configuration, drop-ins, then flags, which win over both. */
export function parseKubeletSwap(configs: readonly KubeletConfig[], flags: readonly ConfigFile[]): KubeletSwap {
  let failSwapOn: boolean | undefined;
  let swapBehavior: string | undefined;
  let isGateOff = false;
  const problems: string[] = [];
  for (const config of configs) {
    const { file } = config;
    if ('problem' in config) {
      problems.push(`${file} ${config.problem}`);
      continue;
    }
    const { settings } = config;
    const { failSwapOn: fail } = settings;
    if (typeof fail === 'boolean') failSwapOn = fail;
    else if (fail !== undefined && fail !== null) problems.push(`failSwapOn in ${file} is not true or false`);
    const behavior = objectIn(settings, 'memorySwap')['swapBehavior'];
    if (typeof behavior === 'string') swapBehavior = behavior;
    const gate = objectIn(settings, 'featureGates')['NodeSwap'];
    if (typeof gate === 'boolean') isGateOff = !gate;
  }
  for (const { text } of flags) {
    for (const [, value = 'true'] of uncommented(text).matchAll(/--fail-swap-on(?:=["']?([A-Za-z01]+))?/g)) {
      failSwapOn = !['false', '0', 'f'].includes(value.toLowerCase());
    }
    const gate = [...uncommented(text).matchAll(/\bNodeSwap=(true|false)/g)].at(-1)?.[1];
    if (gate !== undefined) isGateOff = gate === 'false';
  }
  return { files: [...configs, ...flags].map(({ file }) => file), failSwapOn, swapBehavior, isGateOff, problems };
}

/** What keeps the kubelet from running with limited swap, each with what to write instead. */
export function kubeletObstacles(kubelet: KubeletSwap): readonly string[] {
  const { failSwapOn, swapBehavior, isGateOff, problems } = kubelet;
  const shown = (value: boolean | string | undefined) => (value === undefined ? 'is not set' : `is ${String(value)}`);
  return [
    ...problems,
    ...(failSwapOn === false
      ? []
      : [`failSwapOn ${shown(failSwapOn)}, so the kubelet refuses to start with swap on; set "failSwapOn: false"`]),
    ...(swapBehavior === 'LimitedSwap'
      ? []
      : [
          `memorySwap.swapBehavior ${shown(swapBehavior)}, so pods do not get limited swap; set "memorySwap: {swapBehavior: LimitedSwap}"`,
        ]),
    ...(isGateOff ? ['the feature gate NodeSwap is off; remove it from featureGates'] : []),
  ];
}

function uncommented(text: string): string {
  return text.replaceAll(/^[ \t]*#.*$/gm, '');
}
