/** Failures below HTTP, with what to check. */
import { ApiUnreachableError } from '../client.ts';

const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; is the API server running?',
  ENOTFOUND: 'the name of the server does not resolve; check DNS of this node',
  EAI_AGAIN: 'DNS of this node does not answer',
  EHOSTUNREACH: 'there is no route to the server from this node',
  ENETUNREACH: 'this node has no network yet',
  ECONNRESET: 'the server or something on the way broke the connection off',
  ERR_STREAM_PREMATURE_CLOSE: 'the answer broke off',
  CERT_HAS_EXPIRED: 'the certificate of the server has expired; renew it, or set the clock of this node',
  CERT_NOT_YET_VALID: 'the certificate of the server is not valid yet; check the clock of this node',
  SELF_SIGNED_CERT_IN_CHAIN: 'the server is not signed by the CA of the kubeconfig; was the CA replaced?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the server is not signed by the CA of the kubeconfig; was the CA replaced?',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the server is not signed by the CA of the kubeconfig; was the CA replaced?',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the server is not signed by the CA of the kubeconfig; was the CA replaced?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the server is for other names; check the server address',
};

/** Any failure of an exchange as `ApiUnreachableError`; the addresses and names of credentials stay out of it. */
export function unreachable(what: string, server: URL, error: unknown): ApiUnreachableError {
  if (error instanceof ApiUnreachableError) return error;
  const reason = error instanceof Error ? error : new Error(String(error));
  const code = (reason as NodeJS.ErrnoException).code ?? '';
  const detail = ADVICE[code] === undefined ? reason.message : `${ADVICE[code]} (${code})`;
  return new ApiUnreachableError(`${what}: no answer from "${server.origin}": ${detail}`, { cause: error });
}
