/** The spool's folder or file cannot be used. `message` is one line that says what to do. */
export class SpoolOpenError extends Error {
  override readonly name = 'SpoolOpenError';
}

/** The disk refused a read or a write. The spool is as it was before, and the same may work later. */
export class SpoolError extends Error {
  override readonly name: string = 'SpoolError';
}

/** The file turned out to be damaged. It was moved aside, and the spool goes on with a new one and a new epoch. */
export class SpoolDamagedError extends SpoolError {
  override readonly name = 'SpoolDamagedError';
}
