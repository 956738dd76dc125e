/** How containerd of a native node is configured. */
import type { CgroupDriver } from '../../../../src/api/parts/cgroup.ts';
import { IDLE_IMAGE } from './idle-image.ts';

/** Where `RUNC` is, in a node. */
export const RUNC_HERE = '/usr/local/sbin/runc-here';

/** The main file with that driver. */
export const containerdConfig = (driver: CgroupDriver) => `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${IDLE_IMAGE}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = ${driver === 'systemd'}
      BinaryName = "${RUNC_HERE}"
`;

/** Root of the machine below may lack CAP_SYS_RESOURCE: then it can neither be given to a container nor lower oom_score_adj. */
export const RUNC = String.raw`#!/bin/sh
file=; before=
for argument; do
  case $before in --bundle) file=$argument/config.json ;; --process) file=$argument ;; esac
  before=$argument
done
held=$((0x$(sed -n 's/^CapPrm:[[:space:]]*//p' /proc/self/status) >> 24 & 1))
if [ -f "$file" ] && [ "$held" = 0 ]; then
  sed -i 's/"oomScoreAdj":-[0-9]*/"oomScoreAdj":0/; s/,"CAP_SYS_RESOURCE"//g; s/"CAP_SYS_RESOURCE",//g' "$file"
fi
exec /usr/sbin/runc "$@"
`;
