#!/bin/sh
# Joins a node only when the host is ready: the preflight checks of kubeadm look at some prerequisites
# once, "nodeprep verify" at all of them, with what it means when one is missing.
#   usage: kubeadm-preflight.sh [arguments of kubeadm join]
# NODEPREP_WAIT_SECONDS is how long a host may take to become ready, default 120.
set -eu
seconds=${NODEPREP_WAIT_SECONDS:-120}

# One process at a time prepares a host. Where the units do it, this script only waits for them.
units_work() {
    for unit in nodeprep.service nodeprep-bootstrap.service; do
        case $(systemctl is-active "$unit" 2>/dev/null || true) in
        active) [ "$unit" = nodeprep-bootstrap.service ] || return 0 ;;
        activating | reloading) return 0 ;;
        esac
    done
    return 1
}

# The exit codes are those of "nodeprep bootstrap". 0: ready, 2: not ready, 3: ready after a reboot, 1: error.
wait_for_units() {
    deadline=$(($(date +%s) + seconds))
    while :; do
        code=0
        status=$(nodeprep status -o json) || code=$?
        [ "$code" -ne 0 ] || return 0
        case $status in *'"reason": "RebootRequired"'*) return 3 ;; esac
        [ "$(date +%s)" -lt "$deadline" ] || return "$code"
        sleep 1
    done
}

code=0
if units_work; then wait_for_units || code=$?; else nodeprep bootstrap --timeout "${seconds}s" || code=$?; fi
if [ "$code" -ne 0 ]; then
    nodeprep verify || true
    [ "$code" -ne 3 ] || echo 'This host is ready after a reboot.' >&2
    exit "$code"
fi
exec kubeadm join "$@"
