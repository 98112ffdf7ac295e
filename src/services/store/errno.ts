/** Returns whether the system refused with one of these codes. */
export function hasErrno (error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

/** There is no such file, or no such folder on the way to it. */
export function isMissing (error: unknown): boolean {
  return hasErrno(error, 'ENOENT', 'ENOTDIR')
}
