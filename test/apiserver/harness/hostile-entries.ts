/** Specs with one or two entries, half of them nearly right, from which verdicts are compared. */
import fc from 'fast-check';

/** Mostly parts that a real name has, glued together in all ways. */
const namePart = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('net', 'ipv4', 'ipv6', 'conf', 'neigh', 'eth0', 'all', 'vm', 'kernel', 'x') },
  { weight: 2, arbitrary: fc.constantFrom('modprobe', 'random', 'core_pattern', 'fs', 'binfmt_misc', 'eth0.100', '-') },
  { weight: 1, arbitrary: fc.stringMatching(/^[ -~]{1,3}$/) },
  { weight: 1, arbitrary: fc.constantFrom('', '.', '..', 'ä', '\n', '*', '~', '@', ':') },
);
const sysctlName = fc
  .array(fc.tuple(namePart, fc.constantFrom('.', '.', '.', '/', '/')), { minLength: 1, maxLength: 6 })
  .map((parts) =>
    parts
      .map(([part, separator]) => part + separator)
      .join('')
      .slice(0, -1),
  );

const plain = fc.constantFrom('1', '0', 'bbr', '4096 131072', '-1', '30000-32767,9100', ' 1 ', '1\t2', 'a b');
const odd = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.stringMatching(/^[-\d \t,]{0,6}$/),
  fc.constantFrom('', ' ', '\t', ' , ', '--1', '1.5', '\u00a0', '\u200b', '\u0085', '\ufeff', '1\r', '\u007f'),
);
const value = fc.oneof(plain, odd, fc.maxSafeInteger(), fc.constantFrom<unknown>(true, null, 1.5, [], {}, [1]));

const sysctl = fc.record(
  {
    name: sysctlName,
    value,
    match: fc.constantFrom('Exact', 'AtLeast', 'AtMost', 'Contains'),
  },
  { requiredKeys: ['name', 'value'] },
);

const moduleName = fc.oneof(
  fc.stringMatching(/^[a-z0-9_-]{1,8}$/),
  fc.stringMatching(/^[ -~]{0,4}$/),
  fc.constantFrom('a-b', 'a_b', 'a-b-c', 'a_b-c', 'ä', 'x.ko', '../x', '-r', 'm'.repeat(55), 'm'.repeat(56)),
);
const parameterName = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_]{1,6}$/),
  fc.stringMatching(/^[ -~]{1,3}$/),
  fc.constantFrom('p'.repeat(128), 'p'.repeat(129)),
);
const module = fc.record(
  { name: moduleName, parameters: fc.dictionary(parameterName, value, { maxKeys: 2 }) },
  { requiredKeys: ['name'] },
);

const number = fc.oneof(
  fc.stringMatching(/^\d{1,3}$/),
  fc.stringMatching(/^\d{0,3}\.\d{0,3}$/),
  fc.constantFrom('9007199254740991', '9007199254740992', '1.1', '0.5', '.5', '.25', '0.0009765625', '1024.5'),
);
const suffix = fc.constantFrom(
  ...['', '', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'm', 'u', 'n', 'K', 'mi', 'B'],
  ...['e1', 'E2', 'e3', 'e-1', 'e-3', 'e+2', 'E9', 'e99', 'e100', 'e'],
);
const reserve = fc.oneof(
  fc.tuple(fc.constantFrom('', '', '', '+', '-'), number, suffix).map((parts) => parts.join('')),
  fc.integer(),
  odd,
);

const twins = fc.constantFrom('net.ipv4.ip_forward', 'net/ipv4/ip_forward', 'net.ipv4.conf.all.forwarding');
const linked = fc.record(
  {
    profile: fc.constantFrom('kubeadm-worker', 'raspberry-pi', 'kubeadm'),
    sysctls: fc.array(
      fc.record({
        name: fc.oneof(twins, fc.constantFrom('vm.dirty_bytes', 'vm/dirty_ratio', 'vm.dirty_ratio', 'vm/dirty_bytes')),
        value: fc.constantFrom<string | number>(0, 1, '0', '1'),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  },
  { requiredKeys: ['sysctls'] },
);

const spelledTwice = fc.tuple(
  fc.constantFrom('net.ipv4.ip_forward', 'a.b', 'a.b-c', 'net/ipv4/conf/eth0.1/x', 'net.ipv4.conf.eth0/1.x'),
  fc.constantFrom('net/ipv4/ip_forward', 'a/b', 'a/b-c', 'net.ipv4.conf.eth0/1.x', 'a.b', 'a.c'),
);

const bootName = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('audit', 'psi', 'a-b', 'a_b', 'console', 'cgroup_enable', 'cgroup-enable') },
  { weight: 3, arbitrary: fc.constantFrom('root', 'rw', 'rd.x', 'luks.y', 'systemd.debug-shell', '1', 'ds', 'memory') },
  { weight: 2, arbitrary: fc.constantFrom('selinux', 'apparmor', 'lockdown', 'module.sig-enforce', 'security') },
  { weight: 1, arbitrary: fc.stringMatching(/^[ -~]{0,3}$/) },
  { weight: 1, arbitrary: fc.constantFrom('-', '--', 'ä', 'a b', 'a=b', 'n'.repeat(64), 'n'.repeat(65)) },
);
const bootValue = fc.oneof(
  fc.constantFrom('', '0', '1', '00', 'none', 'off', 'memory', 'ttyS0,115200n8', 'x=y:z', 'v'.repeat(256)),
  fc.stringMatching(/^[ -~]{0,3}$/),
  odd,
);
const bootParameter = fc.record(
  { name: bootName, value: bootValue, state: fc.constantFrom('Present', 'Absent'), optional: fc.boolean() },
  { requiredKeys: ['name'] },
);

/** Specs by what is tried with them. */
export const entriesOfAllKinds = {
  'names of sysctls': sysctlName.map((name) => ({ sysctls: [{ name, value: 1 }] })),
  'values of sysctls': sysctl.map((entry) => ({ sysctls: [{ ...entry, name: 'vm.swappiness' }] })),
  'two spellings': spelledTwice.map((names) => ({ sysctls: names.map((name) => ({ name, value: 1 })) })),
  'sysctls that belong together': linked,
  modules: fc.array(module, { minLength: 1, maxLength: 2 }).map((modules) => ({ modules })),
  'boot parameters': fc
    .array(bootParameter, { minLength: 1, maxLength: 3 })
    .map((entries) => ({ bootParameters: entries })),
  quantities: reserve.map((amount) => ({ swap: { behavior: 'Disabled', reserve: amount } })),
} as const satisfies Readonly<Record<string, fc.Arbitrary<unknown>>>;
