/** The cgroups of a document: which hierarchy and controllers the kernel must have, and who drives them. */
import * as z from 'zod';
import { quoted } from '../yaml/quote.ts';
import { listed } from '../yaml/words.ts';
import { part } from './part.ts';

/** Who makes the control groups of pods: systemd as units, or runtime and kubelet as plain folders. */
const CgroupDriver = z.enum(['systemd', 'cgroupfs']);
/** Who makes the control groups of pods: systemd as units, or runtime and kubelet as plain folders. */
export type CgroupDriver = z.infer<typeof CgroupDriver>;

/** A program that makes control groups of pods, or has them made. */
const CgroupUser = z.enum(['containerd', 'crio', 'docker', 'kubelet']);
/** A program that makes control groups of pods, or has them made. */
export type CgroupUser = z.infer<typeof CgroupUser>;

const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids'] as const;

/** What the kernel must offer, and the driver that runtimes and kubelet must share. */
export interface CgroupSpec {
  readonly version: 'v2' | 'Any';
  readonly controllers: readonly string[];
  /** Absent: any, as long as runtimes and kubelet agree. */
  readonly driver?: CgroupDriver;
  /** Absent: all that are found. */
  readonly runtimes?: readonly CgroupUser[];
  readonly whenPodsRun: 'Wait' | 'Restart';
}

const Controller = z
  .string()
  .max(32)
  .regex(/^[a-z][a-z0-9_]*$/, 'the name of a controller in small letters, as in /sys/fs/cgroup/cgroup.controllers');

const schema = z
  .strictObject({
    version: z
      .enum(['v2', 'Any'])
      .optional()
      .meta({ default: 'Any' })
      .describe(
        'Hierarchy that must be mounted. Any warns of v1, on which the kubelet from 1.35 on does not start. Default Any.',
      ),
    controllers: z
      .array(Controller)
      .max(16)
      .optional()
      .meta({ default: CONTROLLERS })
      .describe('Controllers that must be enabled. Default cpu, cpuset, memory, pids.'),
    driver: CgroupDriver.optional().describe(
      'Driver that is written for container runtime and kubelet. Absent: any, as long as they agree, and nothing is written.',
    ),
    runtimes: z
      .array(CgroupUser)
      .min(1)
      .max(4)
      .optional()
      .describe('Programs that are looked at, and get the driver. Default the kubelet and the runtime that it uses.'),
    whenPodsRun: z
      .enum(['Wait', 'Restart'])
      .optional()
      .meta({ default: 'Wait' })
      .describe('Whether a change of the driver waits for an approval while pods run, or restarts them. Default Wait.'),
  })
  .describe('Control groups: kernel, container runtimes and kubelet must agree, or pods escape their limits.');

/** The share of the area `cgroup` in the document. */
export const cgroup = part({
  schema,
  title: 'control groups',
  instead: 'write "driver: systemd" below it',
  expand: ({ version = 'Any', controllers = CONTROLLERS, whenPodsRun = 'Wait', ...source }): CgroupSpec => ({
    version,
    controllers,
    ...(source.driver === undefined ? {} : { driver: source.driver }),
    ...(source.runtimes === undefined ? {} : { runtimes: source.runtimes }),
    whenPodsRun,
  }),
  sourceOf: ({ controllers, runtimes, ...desired }) => ({
    ...desired,
    controllers: [...controllers],
    ...(runtimes === undefined ? {} : { runtimes: [...runtimes] }),
  }),
  problems: () => [],
  server: () => ({ fields: {} }),
  limits: {
    schema: z
      .strictObject({
        drivers: z.array(CgroupDriver).min(1).max(2).describe('Values that spec.cgroup.driver may have.'),
      })
      .describe('Cgroup drivers that may be declared.'),
    check: ({ driver }, { drivers }, refuse) => {
      if (driver !== undefined && !drivers.includes(driver)) refuse('.driver', quoted(driver), listed(drivers));
    },
  },
  entries: {
    words: ['"cgroup"', 'a container runtime (containerd)'],
    example: 'cgroup',
    named: (text) => (/^(cgroups?(\.driver)?|containerd|cri-?o|docker)$/.test(text) ? text : undefined),
  },
  condition: { type: 'CgroupReady', meaning: 'Kernel, container runtime and kubelet agree about control groups.' },
  reasons: {
    CgroupV1: 'The kernel has cgroup v1 mounted, or both; Kubernetes moves to v2 only.',
    ControllerMissing: 'A controller that the kubelet needs is not enabled in the kernel.',
    DriverMismatch: 'Container runtime, kubelet and spec do not have the same cgroup driver.',
    RuntimeUnreachable: 'The container runtime does not answer on its socket, or answers nonsense.',
    RuntimeConfigUnsafe: 'The configuration of the container runtime lets pods fail, or cannot be understood.',
    RuntimeFileElsewhere: 'Another file than those that NodePrep writes sets the cgroup driver and wins.',
    RuntimeRestartFailed: 'The container runtime did not come up with a changed file, which is back as it was.',
    HalfMigrated: 'Pods of both cgroup drivers run side by side, or outside of the groups that limit them.',
  },
  problemEvents: { '*': 'CgroupsDiffer' },
  live: {},
});
