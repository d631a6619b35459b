/** The gateway could not be asked. `message` says what to do. By itself, since main.ts has to know it without all the rest. */
export class DoctorError extends Error {
  override readonly name = 'DoctorError';
}
