import { hasCode } from '../../errors.ts'
import { abortable } from '../abortable.ts'
import type { Capabilities } from './capabilities.ts'
import type { Endpoint } from './http/endpoint.ts'
import type { SlotContext } from './call.ts'

/** Does what asks an endpoint; throws what `work` throws, or the refusal that another caller was told meanwhile. */
export type Probe = <T>(
  endpoint: Endpoint, context: Pick<SlotContext, 'signal' | 'slot'>, work: () => Promise<T>
) => Promise<T>

/**
 * As long as nobody knows whether an endpoint works, one caller at a time finds out, and the others wait for it: runs
 * that start together would else each be refused.
 */
export function createDiscovery (memory: Pick<Capabilities, 'about'>): Probe {
  /** Rejects only with a refusal of the endpoint, or of the account. */
  const asking = new Map<Endpoint, Promise<void>>()

  function isKnown (endpoint: Endpoint): boolean {
    const { works, refusal } = memory.about(endpoint)
    return works || refusal !== null
  }

  return async (endpoint, { signal, slot }, work) => {
    for (let other; !isKnown(endpoint) && (other = asking.get(endpoint)) !== undefined;) {
      const found = other
      await slot.lend(async () => await abortable(found, signal))
    }
    if (isKnown(endpoint)) return await work()
    const answer = work()
    const told = answer.then(
      () => {}, (error: unknown) => { if (hasCode(error, 'endpoint_unavailable', 'premium_required')) throw error }
    )
    told.catch(() => {})
    asking.set(endpoint, told)
    return await answer.finally(() => asking.delete(endpoint))
  }
}
