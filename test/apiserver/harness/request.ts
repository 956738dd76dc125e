/** Plain requests to the API server of a test, independent of the client under test. */
import { Agent, request } from 'node:https';

/** What the API server answered; a body that is not JSON is a string. */
export interface Answer {
  readonly code: number;
  readonly body: unknown;
  /** The warnings that kubectl would print. */
  readonly warnings: readonly string[];
}

/** Sends one request as one user. */
export type Send = (method: string, path: string, body?: unknown, contentType?: string) => Promise<Answer>;

/** How a user proves who he is: by certificate, by token, or not at all. */
export interface Identity {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  /** More headers of every request, such as those of an administrator who acts as another user. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Requests as one user; `close` ends the connections that are kept between requests. */
export function sender(url: string, identity: Identity): { readonly send: Send; readonly close: () => void } {
  const { token, headers: more, ...tls } = identity;
  const agent = new Agent({ ...tls, keepAlive: true, maxSockets: 8 });
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const send: Send = (method, path, body, contentType = 'application/json') =>
    new Promise((resolve, reject) => {
      const content = { 'content-type': contentType };
      const headers = { accept: 'application/json', ...more, ...authorization, ...(body === undefined ? {} : content) };
      const sent = request(new URL(path, url), { method, agent, headers, timeout: 30_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({
            code: response.statusCode ?? 0,
            body: jsonOrText(text),
            warnings: warningsOf(response.headers['warning']),
          });
        });
      });
      sent.on('error', reject);
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer within 30 seconds`)));
      sent.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
    });
  return { send, close: () => agent.destroy() };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The texts of `299 - "text", 299 - "text"`. */
function warningsOf(header: string | string[] | undefined): readonly string[] {
  const text = Array.isArray(header) ? header.join(', ') : (header ?? '');
  return [...text.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) => (match[1] ?? '').replaceAll(/\\(.)/g, '$1'));
}
