/** The one error of this room. Its message names what failed, never a file name, a key or a player. */

/**
 * `invalid_id`: not one of the relay's ids. `exists`: the id is taken. `too_large`: more bytes than were allowed.
 * `unavailable`: disk or storage service failed; the cause is for the log. `misconfigured`: the studio's to mend.
 */
export type FilesErrorCode = 'invalid_id' | 'exists' | 'too_large' | 'unavailable' | 'misconfigured'

export class FilesError extends Error {
  override readonly name = 'FilesError'
  readonly code: FilesErrorCode

  constructor(code: FilesErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
