import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createContext } from '../../src/context.js'
import { createSessionManager } from '../../src/manager.js'
import { stored } from '../helpers/sessions.js'

describe('a wait that no visitor can give up', () => {
  it('leaves no listener on the signal that all of them share', async () => {
    const { signal } = createContext()
    const manager = createSessionManager()
    const cookieHeader = await stored(manager, { n: 1 })
    const holder = await manager.start({ cookieHeader })

    const waiting = Array.from({ length: 100 }, () => manager.start({ cookieHeader }))
    signal.addEventListener('abort', () => expect.fail('nobody aborts it'))

    expect(getEventListeners(signal, 'abort')).toEqual([])
    await holder.commit()
    for (const started of waiting) await (await started).commit()
    expect(signal.aborted).toBe(false)
  })
})
