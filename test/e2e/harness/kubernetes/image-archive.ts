/** An image as a file, from a folder that holds its root tree: what `docker save` writes, without a container engine. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar';

/** What the image says besides its files, with the names of the OCI image specification. */
export interface ImageSettings {
  readonly Entrypoint: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
}

/** Writes an archive that `ctr image import` reads; `name` is full, such as "docker.io/library/nodeprep:1". */
export function writeImageArchive(archive: string, name: string, root: string, settings: ImageSettings): void {
  const work = mkdtempSync(join(tmpdir(), 'nodeprep-image-'));
  try {
    const blobs = join(work, 'blobs/sha256');
    mkdirSync(blobs, { recursive: true });
    const keep = (mediaType: string, file: string) => {
      const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
      renameSync(file, join(blobs, digest));
      return { mediaType, digest: `sha256:${digest}`, size: statSync(join(blobs, digest)).size };
    };
    const keepJson = (mediaType: string, value: object) => {
      const file = join(work, 'json');
      writeFileSync(file, JSON.stringify(value));
      return keep(mediaType, file);
    };
    const tar = join(work, 'layer');
    execFileSync('tar', ['-C', root, '--sort=name', '--numeric-owner', '--owner=0', '--group=0', '-cf', tar, '.']);
    const layer = keep(LAYER, tar);
    const config = keepJson(CONFIG, {
      ...{ architecture: 'amd64', os: 'linux', config: settings },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    });
    const manifest = keepJson(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] });
    const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name };
    writeFileSync(
      join(work, 'index.json'),
      JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
    );
    writeFileSync(join(work, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    execFileSync('tar', ['-C', work, '-cf', archive, 'oci-layout', 'index.json', 'blobs']);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
