/** Valid specs and names as fast-check draws them. */
import fc from 'fast-check';
import { canonicalModule } from '../../src/api/names/module-names.ts';
import { AREA_NAMES, type NodePrepSpecSource } from '../../src/api/spec/nodeprep.ts';
import { PRESET_NAMES } from '../../src/api/spec/presets.ts';
import { canonicalSysctl, deniedSysctl } from '../../src/api/names/sysctl-names.ts';

/** One part of a kernel parameter name. */
export const namePart = fc.stringMatching(/^[a-z0-9_][a-z0-9_-]{0,8}$/);
/** Names of kernel parameters that may be declared together in any combination. */
export const sysctlName = fc
  .array(namePart, { minLength: 2, maxLength: 5 })
  .map((parts) => parts.join('.'))
  .filter((name) => deniedSysctl(name) === undefined && !/^(?:net\.ipv[46]\.(?:conf|neigh)|vm)\./.test(name));
const mode = fc.constantFrom('Enforce', 'Audit', 'Paused');

/** Valid sources, with everything that a document can have. */
export const specSource: fc.Arbitrary<NodePrepSpecSource> = fc
  .record(
    {
      profile: fc.constantFrom(...PRESET_NAMES),
      kubernetesVersion: fc.constantFrom('1.20', 'v1.34.2', '1.35', '1.36.0-rc.1+vendor'),
      mode,
      areaModes: fc.dictionary(fc.constantFrom(...AREA_NAMES), mode, { minKeys: 1 }),
      deletionPolicy: fc.constantFrom('Keep', 'Restore'),
      bootstrap: fc.record({ onFailure: fc.constantFrom('Block', 'Degrade') }),
      approvedPlan: fc.stringMatching(/^[0-9a-f]{10}$/),
      rebootSentinel: fc.constantFrom('Never', 'WhenApproved'),
      cgroup: fc.record(
        {
          version: fc.constantFrom('v2', 'Any'),
          controllers: fc.subarray(['cpu', 'memory', 'hugetlb']),
          driver: fc.constantFrom('systemd', 'cgroupfs'),
          runtimes: fc.subarray(['containerd', 'crio', 'docker', 'kubelet'], { minLength: 1 }),
          whenPodsRun: fc.constantFrom('Wait', 'Restart'),
        },
        { requiredKeys: [] },
      ),
      bootParameters: fc
        .uniqueArray(
          fc.record(
            {
              name: fc.constantFrom('audit', 'hugepages', 'transparent_hugepage', 'console', 'psi'),
              value: fc.constantFrom('', '1', 'never', 'ttyS0,115200n8', 'a.b/c:d=e'),
              state: fc.constantFrom('Present', 'Absent'),
              optional: fc.boolean(),
            },
            { requiredKeys: ['name'] },
          ),
          { maxLength: 5, selector: (entry) => entry.name },
        )
        .filter((entries) => entries.every(({ name, state }) => name !== 'console' || state !== 'Absent')),
      modules: fc.uniqueArray(
        fc.record(
          {
            name: fc.stringMatching(/^[a-z0-9_][a-z0-9_-]{0,8}$/),
            optional: fc.boolean(),
            parameters: fc.dictionary(
              fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/),
              fc.oneof(fc.integer(), fc.stringMatching(/^[a-z0-9, =]{0,8}[a-z0-9]$/)),
            ),
          },
          { requiredKeys: ['name'] },
        ),
        { maxLength: 5, selector: (entry) => canonicalModule(entry.name) },
      ),
      sysctls: fc.uniqueArray(
        fc.record(
          {
            name: sysctlName,
            value: fc.oneof(
              fc.integer(),
              fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String),
              fc.constantFrom('1 2\t3', ' 0 ', '-1'),
            ),
            match: fc.constantFrom('Exact', 'AtLeast', 'AtMost', 'Contains'),
            optional: fc.boolean(),
            drift: fc.constantFrom('Correct', 'Report', 'Ignore'),
          },
          { requiredKeys: ['name', 'value'] },
        ),
        { maxLength: 5, selector: (entry) => canonicalSysctl(entry.name) },
      ),
      swap: fc.record(
        {
          behavior: fc.constantFrom('Disabled', 'ZramHostOnly', 'LimitedSwap', 'Unmanaged'),
          reserve: fc.oneof(
            fc.nat(),
            fc.nat(1_000_000).map((amount) => `${amount}Ki`),
          ),
        },
        { requiredKeys: ['behavior'] },
      ),
    },
    { requiredKeys: [] },
  )
  .map((record) => record as NodePrepSpecSource);

/** A whole document around anything in the place of its spec. */
export function documentFrom(spec: unknown): unknown {
  return { apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec };
}
