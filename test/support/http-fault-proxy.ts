/**
 * A proxy that ends TLS and answers, in HTTP/2 or HTTP/1.1, with what the API server behind it says or
 * with a fault: what load balancers, overloaded servers and servers of other versions do. It knows
 * its caller by token or certificate and speaks to the server with an identity of its own.
 */
import { once } from 'node:events';
import {
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  createSecureServer,
  type ServerHttp2Session,
} from 'node:http2';
import { Agent, createServer, request as requestOf } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** A request as the proxy saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string | undefined;
  /** Serial number of the client's certificate, when it showed one. */
  readonly certificate: string | undefined;
  readonly httpVersion: string;
}

/** Answers in place of the server; `undefined` lets the request through. */
export type Fault = (request: SeenRequest, response: Http2ServerResponse) => 'answered' | undefined;

/** The proxy, what it saw and what it does. */
export interface HttpFaultProxy {
  readonly port: number;
  readonly url: string;
  /** Every request so far. */
  readonly seen: readonly SeenRequest[];
  /** TLS connections that were accepted since the start. */
  readonly connections: () => number;
  readonly openConnections: () => number;
  /** Answers that have begun, so that the client has their head, and have not ended. */
  readonly answering: () => number;
  /** Asked for each request until it is replaced. */
  readonly setFault: (fault: Fault | undefined) => void;
  /** How bodies from the server are changed on their way; `undefined` ends the answer there. */
  readonly setBody: (change: ((chunk: Buffer) => readonly Buffer[] | 'end' | 'cut') | undefined) => void;
  /** Ends the answers that are being given, in order. */
  readonly endAnswers: () => void;
  /** Tells the clients that their connections take no more requests; what runs goes on. */
  readonly goAway: () => void;
  /** Another certificate for connections from now on. */
  readonly setCertificate: (certificate: { cert: string; key: string }) => void;
  /** Breaks all connections off. */
  readonly dropConnections: () => void;
  readonly close: () => Promise<void>;
}

/** What the proxy needs. */
export interface HttpFaultProxyOptions {
  /** URL of the server behind, and who the proxy is there. Without it every request that has no fault gets 404. */
  readonly server?: { readonly url: string; readonly ca: string; readonly cert: string; readonly key: string };
  readonly certificate: { readonly cert: string; readonly key: string };
  /** CA of client certificates. */
  readonly clientCa?: string;
  readonly isHttp1Only?: boolean;
}

/** Starts a proxy on a port of the loopback address. */
export async function startHttpFaultProxy(options: HttpFaultProxyOptions): Promise<HttpFaultProxy> {
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const answers = new Set<Http2ServerResponse>();
  let connections = 0;
  let fault: Fault | undefined;
  let change: ((chunk: Buffer) => readonly Buffer[] | 'end' | 'cut') | undefined;
  const { server: behind } = options;
  const agent = new Agent({ keepAlive: true, ca: behind?.ca, cert: behind?.cert, key: behind?.key });

  const forward = (request: Http2ServerRequest, response: Http2ServerResponse) => {
    if (behind === undefined) {
      response.writeHead(404).end();
      return;
    }
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(
        ([name]) => !name.startsWith(':') && !/^(authorization|connection|host)$/.test(name),
      ),
    );
    const sent = requestOf(new URL(request.url, behind.url), { method: request.method, agent, headers }, (answer) => {
      // The test has ended the answer meanwhile.
      if (response.writableEnded || response.destroyed) {
        sent.destroy();
        return;
      }
      const kept = Object.entries(answer.headers).filter(
        ([name]) => !/^(connection|transfer-encoding|content-length)$/.test(name),
      );
      response.writeHead(answer.statusCode ?? 502, Object.fromEntries(kept));
      // Headers without a body yet: a watch is open before its first event.
      (response as unknown as { flushHeaders?: () => void }).flushHeaders?.();
      answer.on('data', (chunk: Buffer) => {
        // Written after its end, an answer would be reset before that has been sent.
        if (response.writableEnded) return;
        const result = change === undefined ? [chunk] : change(chunk);
        if (result === 'end') response.end();
        else if (result === 'cut') cut(response);
        else for (const part of result) response.write(part);
      });
      answer.on('end', () => response.end());
      answer.on('error', () => cutUnlessEnded(response));
    });
    sent.on('error', () => cutUnlessEnded(response));
    response.on('close', () => sent.destroy());
    request.pipe(sent);
  };
  const handler = (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const socket = request.socket as TLSSocket;
    const serial = socket.getPeerCertificate?.().serialNumber;
    const one: SeenRequest = {
      method: request.method,
      url: new URL(request.url, 'https://proxy'),
      authorization: request.headers.authorization,
      certificate: serial,
      httpVersion: request.httpVersion,
    };
    seen.push(one);
    answers.add(response);
    response.on('close', () => answers.delete(response));
    response.on('error', () => {});
    request.on('error', () => {});
    if (fault?.(one, response) !== 'answered') forward(request, response);
  };
  const settings = {
    ...options.certificate,
    ...(options.clientCa === undefined ? {} : { ca: options.clientCa, requestCert: true, rejectUnauthorized: false }),
  };
  const server: Http2SecureServer =
    options.isHttp1Only === true
      ? // The requests of both kinds of servers are alike in everything that is used here.
        (createServer(settings) as unknown as Http2SecureServer)
      : createSecureServer({ ...settings, allowHTTP1: true });
  server.on('request', handler);
  server.on('secureConnection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `https://127.0.0.1:${port}`,
    seen,
    connections: () => connections,
    openConnections: () => sockets.size,
    answering: () => [...answers].filter((response) => response.headersSent && !response.writableEnded).length,
    setFault: (value) => {
      fault = value;
    },
    setBody: (value) => {
      change = value;
    },
    endAnswers: () => {
      for (const response of answers) response.end();
    },
    goAway: () => {
      for (const session of sessions) session.goaway();
    },
    dropConnections: () => {
      for (const socket of sockets) socket.destroy();
    },
    setCertificate: (certificate) => server.setSecureContext(certificate),
    close: async () => {
      agent.destroy();
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function cutUnlessEnded(response: Http2ServerResponse): void {
  if (!response.writableEnded) cut(response);
}

function cut(response: Http2ServerResponse): void {
  if (response.stream?.close !== undefined) response.stream.close(2);
  else (response.socket as Socket | null)?.destroy();
}

/** Answers with a Status object, as the API server does. */
export function answerStatus(
  response: Http2ServerResponse,
  code: number,
  reason: string,
  headers: Record<string, string> = {},
): 'answered' {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message: `${reason}.` }),
  );
  return 'answered';
}
