/** All that is wanted of a log here. */
export interface ApplicationsLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
