/** The spec file that `install` writes where there is none: short, and open to be read and edited. */
import { API_VERSION } from '../../api/spec/nodeprep.ts';
import { PRESET_NAMES } from '../../api/spec/presets.ts';

/** A document for one profile. */
export function renderSpecDocument(profile: string): string {
  return `# What this host must be. NodePrep reads it at every boot and whenever it changes.
#   nodeprep validate   checks it         nodeprep plan      shows what it would change
#   nodeprep status     shows the state   nodeprep explain   says why an entry is there
apiVersion: ${API_VERSION}
kind: NodePrep
spec:
  # A built-in set of modules, kernel parameters and swap policy; "nodeprep plan -o yaml" shows it in full.
  # Others: ${PRESET_NAMES.filter((name) => name !== profile).join(', ')}.
  profile: ${profile}

  # Enforce corrects what differs, Audit only reports it, Paused touches nothing.
  mode: Enforce

  # Whether the kubelet waits for a host that cannot be made ready: Degrade lets it start after a
  # minute, Block holds it back. The journal says which and why.
  bootstrap:
    onFailure: Degrade

  # Entries of your own are added to the profile; one of the same name replaces the profile's.
  # modules:
  #   - name: nf_conntrack
  # sysctls:
  #   - name: net.core.somaxconn
  #     value: 4096
  #     match: AtLeast
`;
}
