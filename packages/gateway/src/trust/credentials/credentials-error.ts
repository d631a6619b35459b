/** What a person asked of the credentials cannot be done, or their file cannot be used. `message` says what to do. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}
