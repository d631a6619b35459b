/** The spool's folder or file cannot be used. `message` is one line that says what to do. */
export class SpoolOpenError extends Error {
  override readonly name = 'SpoolOpenError';
}
