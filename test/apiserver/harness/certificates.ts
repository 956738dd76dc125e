/** The certificate authority of a test's control plane, and the certificates that it issues. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Names of an API server; 10.0.0.1 is the Service `kubernetes`, by which nodes and pods find it. */
const NAMES = 'IP:127.0.0.1,IP:10.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default.svc';

/** A certificate and its key, as files and as PEM text. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Issues certificates that the control plane trusts. */
export interface Authority {
  readonly caFile: string;
  readonly ca: string;
  /** For a server on this machine; `days` may be negative for one that has expired. */
  readonly forServer: (name: string, days?: number) => Promise<Certificate>;
  /** For a user, who is a member of the groups. */
  readonly forUser: (user: string, groups?: readonly string[], days?: number) => Promise<Certificate>;
}

/** The authority whose files are in `folder`, made when it is not there yet. */
export async function authorityIn(folder: string): Promise<Authority> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const caFile = join(folder, 'ca.crt');
  const caKey = join(folder, 'ca.key');
  if (!existsSync(caFile)) {
    const uses = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature'];
    await execute('openssl', [
      ...['req', '-x509', ...CURVE, '-days', '3650', '-subj', '/CN=test-ca', '-keyout', caKey, '-out', caFile],
      ...uses.flatMap((use) => ['-addext', use]),
    ]);
  }

  let issued = 0;
  const issue = async (name: string, subject: string, extension: string, days: number): Promise<Certificate> => {
    issued += 1;
    const base = join(folder, `${name.replaceAll(/[^a-z0-9.-]/gi, '-')}-${issued}`);
    const [certFile, keyFile, request] = [`${base}.crt`, `${base}.key`, `${base}.csr`];
    await writeFile(`${base}.ext`, `${extension}\n`);
    await execute('openssl', ['req', '-new', ...CURVE, '-subj', subject, '-keyout', keyFile, '-out', request]);
    await execute('openssl', [
      ...['x509', '-req', '-in', request, '-CA', caFile, '-CAkey', caKey],
      // Not from a file that two at once would write.
      ...['-set_serial', `0x${randomBytes(8).toString('hex')}`],
      ...['-days', String(days), '-extfile', `${base}.ext`, '-out', certFile],
    ]);
    return { certFile, keyFile, cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
  };
  return {
    caFile,
    ca: await readFile(caFile, 'utf8'),
    forServer: (name, days = 365) =>
      issue(name, `/CN=${name}`, `subjectAltName=${NAMES}\nextendedKeyUsage=serverAuth`, days),
    forUser: (user, groups = [], days = 365) => {
      const subject = `${groups.map((group) => `/O=${group}`).join('')}/CN=${user}`;
      return issue(user, subject, 'extendedKeyUsage=clientAuth', days);
    },
  };
}

/** The key pair with which an API server signs tokens of service accounts. */
export async function signingKeysIn(
  folder: string,
): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const [privateKey, publicKey] = [join(folder, 'sa.key'), join(folder, 'sa.pub')];
  await execute('openssl', ['genrsa', '-out', privateKey, '2048']);
  await execute('openssl', ['rsa', '-in', privateKey, '-pubout', '-out', publicKey]);
  return { privateKey, publicKey };
}
