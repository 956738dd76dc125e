/** Parameters of vm, kernel and fs that matter on a Kubernetes node. The first match counts. */
import type { Knowledge } from './knowledge-entry.ts';

const PROTECT_DEFAULTS =
  'With protectKernelDefaults: true the kubelet does not write it, and exits when it differs; without, it overwrites whatever the administrator has set (kubernetes#74151).';

const kubeletKey = (keys: RegExp, key: string, value: number, why: string, breaks: string): Knowledge => ({
  keys,
  names: [key.replaceAll('/', '.')],
  why: `${why} The kubelet expects ${value}.`,
  breaks,
  symptom: `Failed to start ContainerManager" err="invalid kernel flag: ${key}, expected value: ${value}, actual value: …"`,
  askedBy: ['kubelet (protectKernelDefaults)'],
  notes: [PROTECT_DEFAULTS],
  rival: 'the kubelet',
});

/** Texts about parameters of vm, kernel and fs. */
export const KERNEL_KNOWLEDGE: readonly Knowledge[] = [
  kubeletKey(
    /^vm\/overcommit_memory$/,
    'vm/overcommit_memory',
    1,
    'Lets programs reserve more memory than there is; limits of pods and the OOM killer decide later, by the requests of the pods.',
    'Programs that reserve much and use little (Redis, JVMs, Go) fail to start or to fork although the node has free memory.',
  ),
  kubeletKey(
    /^vm\/panic_on_oom$/,
    'vm/panic_on_oom',
    0,
    'When memory runs out the kernel must kill one process of one pod, not the whole node.',
    'One pod without a limit reboots the node and with it all other pods.',
  ),
  kubeletKey(
    /^kernel\/panic$/,
    'kernel/panic',
    10,
    'After a kernel panic the node must come back on its own, after this many seconds.',
    'A node that panics hangs until it is power-cycled; its pods move only after the eviction timeout, and their volumes stay attached.',
  ),
  kubeletKey(
    /^kernel\/panic_on_oops$/,
    'kernel/panic_on_oops',
    1,
    'After an oops the kernel goes on with damaged state. A node that dies and comes back is safer than one that lies.',
    'The node stays Ready while file systems or the network hang inside the kernel.',
  ),
  kubeletKey(
    /^kernel\/keys\/root_maxkeys$/,
    'kernel/keys/root_maxkeys',
    1_000_000,
    'Every container gets a session keyring from the kernel, counted against this limit of root.',
    'Beyond some hundreds of containers no further one starts.',
  ),
  kubeletKey(
    /^kernel\/keys\/root_maxbytes$/,
    'kernel/keys/root_maxbytes',
    25_000_000,
    'Bytes that all keys of root may hold, 25 for each of the root_maxkeys.',
    'Beyond some hundreds of containers no further one starts.',
  ),
  {
    keys: /^fs\/inotify\/max_user_(?:instances|watches)$/,
    names: ['fs.inotify.max_user_instances', 'fs.inotify.max_user_watches'],
    why: 'Limits of file watches per user. All pods that run as root share one budget with the kubelet, the runtime and every log collector; the defaults are made for one desktop.',
    breaks:
      'Programs cannot watch their configuration or logs, kubectl logs -f ends early, controllers crash at their start.',
    symptom:
      'failed to create fsnotify watcher: too many open files; or: no space left on device (with a disk that is not full)',
    askedBy: ['kind', 'log collectors (Promtail, Fluent Bit)', 'Argo CD, Jenkins and other watchers'],
    notes: ['It is a limit: declare it with match: AtLeast.'],
    rival: 'tuned, cloud-init or an init container that sets kernel parameters',
  },
  {
    keys: /^vm\/max_map_count$/,
    names: ['vm.max_map_count'],
    why: 'Number of memory mappings per process. Programs that map many files (Elasticsearch, OpenSearch, ClickHouse) check it at their start.',
    breaks: 'Their pods do not start.',
    symptom: 'max virtual memory areas vm.max_map_count [65530] is too low, increase to at least [262144]',
    askedBy: ['Elasticsearch', 'OpenSearch', 'SonarQube'],
    notes: ['Charts often set it with a privileged init container; declaring it here makes that unnecessary.'],
    rival: 'a privileged init container of a chart',
  },
  {
    keys: /^fs\/(?:file-max|nr_open)$/,
    names: ['fs.file-max', 'fs.nr_open'],
    why: 'Open files in the whole system (file-max) and per process (nr_open). systemd raises both almost without limit.',
    breaks:
      'With an old, small value programs all over the node fail at once; a nr_open below what a unit asks for makes its start fail.',
    symptom: 'VFS: file-max limit 65536 reached; or: accept: too many open files in system',
    askedBy: ['databases', 'ingress controllers'],
    notes: ['Old tuning advice lowers the value of systemd: declare it with match: AtLeast.'],
  },
  {
    keys: /^kernel\/(?:pid_max|threads-max)$/,
    names: ['kernel.pid_max', 'kernel.threads-max'],
    why: 'Processes and threads of the whole node, those of all pods included. systemd sets pid_max to 4194304 on 64-bit machines.',
    breaks:
      'With the old 32768 a node with a few hundred pods runs out, and then the kubelet cannot start anything either.',
    symptom:
      'fork: retry: Resource temporarily unavailable; or: failed to create new OS thread (have … already; errno=11)',
    askedBy: ['nodes with many pods', 'Java and Go workloads'],
    notes: ['The kubelet reports PIDPressure by this value. It is a limit: declare it with match: AtLeast.'],
  },
  {
    keys: /^vm\/swappiness$/,
    names: ['vm.swappiness'],
    why: 'How eagerly the kernel swaps compared with dropping file cache. It matters only on nodes that keep swap.',
    breaks: 'Nothing by itself.',
    symptom:
      'There is none: 0 does not switch swap off. For "running with swap on is not supported" use the swap area of the spec.',
    askedBy: ['database documentation'],
    notes: [
      'vm.swappiness=0 is not "swap off": the kernel still swaps when memory runs out, and the kubelet still refuses to start.',
    ],
  },
  {
    keys: /^vm\/dirty_(?:background_)?(?:bytes|ratio)$/,
    names: ['vm.dirty_background_bytes', 'vm.dirty_background_ratio', 'vm.dirty_bytes', 'vm.dirty_ratio'],
    why: 'How much written data may wait in memory. Kubernetes does not ask for it; storage systems do.',
    breaks: 'Long stalls of the disk on nodes with much memory and slow storage.',
    symptom: 'etcd: slow fdatasync; or tasks blocked for more than 120 seconds',
    askedBy: ['storage and database documentation'],
    notes: [
      'The ratio and the bytes form of one limit are one setting: writing one makes the kernel set the other to 0, so declare only one of them.',
    ],
    rival: 'tuned',
  },
  {
    keys: /^(?:user\/max_user_namespaces|kernel\/unprivileged_userns_clone)$/,
    names: ['user.max_user_namespaces', 'kernel.unprivileged_userns_clone'],
    why: 'Pods with user namespaces (hostUsers: false) and rootless containers need user namespaces to be allowed.',
    breaks: 'Pods with hostUsers: false do not start.',
    symptom: 'unshare: no space left on device; or: operation not permitted on clone with CLONE_NEWUSER',
    askedBy: ['Kubernetes user namespaces', 'rootless runtimes'],
  },
];
