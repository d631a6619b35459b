/** What a person has to do when the gateway turns this host away. It goes by the code, and by the words beside it where they tell more. */

/** How this host shows who it is, and where it connects to. */
export interface Way {
  readonly host: string;
  /** '' for none. */
  readonly tokenFile: string;
  /** '' for none. */
  readonly certFile: string;
  readonly isTls: boolean;
}

/**
 * @param refusal a code of the gateway's, or `HTTP_` and the status.
 * @param why in the gateway's words; '' for none.
 */
export function remedyFor(refusal: string, why: string, way: Way): string {
  const { host, tokenFile, certFile } = way;
  const create = `tributary-gateway token create --host ${host}`;
  const put =
    tokenFile === ''
      ? 'put it into a file that --gateway.token-file FILE names'
      : `put it into ${tokenFile} (--gateway.token-file)`;
  const renewed = `make a token for this host (on the gateway: ${create}) and ${put}`;
  switch (refusal) {
    case 'HTTP_401': {
      const certificate =
        certFile === '' ? '' : `, or have ${certFile} signed by an authority that the gateway trusts`;
      return `${renewed}${certificate}`;
    }
    case 'HTTP_403':
      return tokenFile === ''
        ? `without a token a gateway takes reporters of its own machine only: ${renewed}`
        : `the token must be one for a host: ${renewed}`;
    case 'HTTP_429':
      return `too many bad credentials came from this address, or a proxy is asked too much: ${renewed}, and look at the other hosts behind the address`;
    case 'UNAUTHORIZED':
      if (/\bcertificate\b/.test(why))
        return `use a certificate whose DNS name is ${host}, or the name of the certificate with --host`;
      if (/\bjoin token\b/.test(why))
        return `ask for a new join token or a host token (on the gateway: ${create}), and ${put}`;
      return /\bis for\b/.test(why) ? `${renewed}, or change --host` : renewed;
    case 'REVOKED':
      return renewed;
    case 'NAME_TAKEN':
      return `if this is the very host of that name, give it a token of its own: ${create}, and ${put}; if another host has the name, choose another --host`;
    case 'VERSION':
      return 'upgrade the reporter or the gateway';
    default:
      return 'put right what the gateway complains of';
  }
}

/** @returns what may be behind a connection that did not come about, to be written after the message; '' for no idea */
export function hintForFailure(message: string, { certFile, isTls }: Way): string {
  if (/wrong version number/.test(message)) return '; the port may not speak TLS: is it ws://?';
  if (!isTls)
    return /socket hang up|ECONNRESET|Parse Error/.test(message)
      ? '; the port may speak TLS: is it wss://?'
      : '';
  if (!/socket hang up|ECONNRESET|EPIPE|before TLS was up|alert/.test(message)) return '';
  return certFile === ''
    ? '; the gateway may want a client certificate (--gateway.tls.cert-file)'
    : `; the gateway may have refused the client certificate ${certFile} (--gateway.tls.cert-file)`;
}
