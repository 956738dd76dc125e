#!/bin/sh
# Joins a node only when the host is ready: the preflight checks of kubeadm look at some prerequisites
# once, "nodeprep verify" at all of them, with what it means when one is missing.
#   usage: kubeadm-preflight.sh [arguments of kubeadm join]
set -eu

# Ready means that the last complete pass left nothing to do. 2: not ready, 3: ready after a boot.
nodeprep bootstrap --timeout 2m || {
  code=$?
  nodeprep verify || true
  [ "$code" -eq 3 ] && echo 'This host is ready after a reboot.' >&2
  exit "$code"
}
exec kubeadm join "$@"
