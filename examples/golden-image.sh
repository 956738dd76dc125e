#!/bin/sh
# Makes the tree of an image ready: every machine that boots from it is prepared before its kubelet
# starts. Only files are written; the kernel of the building machine is not touched.
#   usage: golden-image.sh DIRECTORY [NODEPREP.yaml]       as root, with the image mounted at DIRECTORY
set -eu
root=$1 spec=${2:-$(dirname "$0")/kubeadm-worker.yaml}

# The executable, the spec and the units, which start when the image boots.
"${NODEPREP:-nodeprep}" install --root "$root" --file "$spec"

# What survives without the daemon: modules-load.d, sysctl.d, masked swap units, fstab.
# 3 is "ready after a reboot", which is all that an image can be.
"${NODEPREP:-nodeprep}" bootstrap --root "$root" || [ $? -eq 3 ]
