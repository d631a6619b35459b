/**
 * A client may send requests without waiting for answers (RFC 9112, 9.3.2), and nobody does, but to do harm: all that stand
 * in one piece of what was read are handled in one turn of the event loop, and with some connections that do so a turn took
 * more than ten seconds. So a few are answered, and a connection that has more of them waiting is cut.
 */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection that are not answered yet. */
export const PIPELINED_MAX = 8;

/** To be called when the server has its listener. @param onCut told once for each connection that is cut. */
export function limitPipelining(server: Server, onCut: () => void): void {
  const waiting = new WeakMap<Socket, number>();
  // What was read already is parsed to its end, cut or not, so the requests must not get any further.
  const handlers = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    if (socket.destroyed) return;
    const count = (waiting.get(socket) ?? 0) + 1;
    if (count > PIPELINED_MAX) {
      onCut();
      parseNoFurther(socket);
      socket.destroy();
      return;
    }
    waiting.set(socket, count);
    response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    for (const handler of handlers) handler.call(server, request, response);
  });
}

/**
 * Node parses what it has read to the end, a thousand requests in 64 KiB, and when the socket is gone makes an error with its stack
 * for each: 25 ms a connection (2 ms without), however early it is cut. Its parser has no public way to stop, but takes 2 as the answer to the
 * head of a message for "what follows is another protocol" (`parserOnHeadersComplete` in Node's lib/_http_common.js), and then
 * leaves the rest alone. Should Node lose that, the connection is cut all the same, and the test of the costs fails.
 */
function parseNoFurther(socket: Socket): void {
  const { parser } = socket as Socket & { parser?: { onIncoming: unknown } };
  if (parser?.onIncoming !== undefined) parser.onIncoming = () => SWITCHED;
}

const SWITCHED = 2;
