/** A request to the listener that may be answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface WebRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}
