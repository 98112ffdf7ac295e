import { PauseError, ServiceError, hasCode } from '../../../errors.ts'
import { abortable } from '../../abortable.ts'
import type { Log } from '../../log.ts'
import type { Pacer } from '../pacing/pacer.ts'
import type { TokenManager } from './token-manager.ts'

interface CredentialCheckOptions {
  tokens: Pick<TokenManager, 'get'>
  pacer: Pick<Pacer, 'throwIfPaused'>
  log: Log
}

/**
 * Fetches the token before a run needs it, so that the log says soon after the start why there is none; of wrong
 * credentials the token manager says it. Asks nothing during a pause that is longer than a run waits. Never rejects.
 */
export async function checkCredentials (
  signal: AbortSignal, { tokens, pacer, log }: CredentialCheckOptions
): Promise<void> {
  try {
    await abortable(pacer.throwIfPaused(), signal)
    await tokens.get(signal)
  } catch (error) {
    if (signal.aborted || error instanceof PauseError || hasCode(error, 'invalid_client')) return
    if (error instanceof ServiceError) {
      return log.warn({ code: error.code, detail: error.message }, 'no token from Spotify yet')
    }
    log.error({ err: error }, 'credentials could not be checked')
  }
}
