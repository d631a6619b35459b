/**
 * Pins of public keys (RFC 7469, 2.4): `sha256/` and the base64 of the SHA-256 of a certificate's SubjectPublicKeyInfo. A
 * key outlives its certificate, and a second pin is for the key that comes next.
 */
import { createHash, type X509Certificate } from 'node:crypto';

export const PIN = /^sha256\/[A-Za-z0-9+/]{43}=$/;

export function pinOf(certificate: X509Certificate): string {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(key).digest('base64')}`;
}

/**
 * The pins of a certificate and of those that signed it, itself first. A server may send any certificate along; so one
 * counts only where its key has really signed the one before.
 * @param chain each after the one that it is said to have signed; at least one.
 */
export function pinsOf(chain: readonly X509Certificate[]): string[] {
  const end = chain.findIndex((issuer, i) => {
    const signed = chain[i - 1];
    return signed !== undefined && !(signed.checkIssued(issuer) && signed.verify(issuer.publicKey));
  });
  return chain.slice(0, end < 0 ? chain.length : end).map(pinOf);
}
