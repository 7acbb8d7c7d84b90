/** One request to a page with a session, answered by us as a PHP script would. */
import { createUrlRewriter } from '../../src/http/url-rewriter.js'
import type { HeaderList } from '../../src/http/headers.js'
import type { SessionRequest } from '../../src/http/propagation.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { createSessionManager } from '../../src/manager.js'
import type { SessionOptions } from '../../src/options/options.js'
import { readSessionSettings } from '../../src/options/php-ini.js'
import { transSidOf } from '../../src/session-sid.js'
import { stateFor } from '../../src/session.js'

export type Settings = Readonly<Record<string, string | number | undefined>>

/** What a script does with its session. */
export interface Script {
  readonly regenerates?: boolean
  readonly aborts?: boolean
  readonly destroys?: boolean
  readonly page?: string
}

/** What came of it. */
export interface Outcome {
  readonly id: string
  readonly sid: string
  readonly headers: HeaderList
  readonly page: string
}

/** PHP's settings as our options, with PHP's defaults below them. */
export function phpOptions(ini: Settings): SessionOptions {
  const entries = Object.entries(ini).map(([name, value]) => [name, String(value)] as const)
  const { options } = readSessionSettings(new Map(entries))
  const cookie = { httpOnly: false, sameSite: '', secure: false, ...options.cookie } as const
  return { useStrictMode: false, ...options, cookie }
}

/**
 * Answers a request. There is a record of each id that it names, as PHP makes one at the start.
 */
export async function answer(
  ini: Settings,
  request: SessionRequest,
  script: Script = {},
  now: () => number = Date.now,
): Promise<Outcome> {
  await using manager = createSessionManager({
    ...phpOptions(ini),
    handlers: [memoryHandler()],
    gc: { probability: 0 },
    now,
  })
  const known = await manager.start(request)
  known.data['seen'] = true
  await known.commit()
  const session = await manager.start(request)
  session.data['seen'] = 1
  if (script.regenerates) await session.regenerate()
  const before = { id: session.id, sid: session.sid }
  if (script.aborts) await session.abort()
  if (script.destroys) await session.destroy()
  const headers = await session.commit()
  const links = transSidOf(stateFor(session))
  const page = script.page ?? ''
  if (links === undefined) return { ...before, headers, page }
  const separator = ini['arg_separator.output']?.toString()
  const formHosts = ini['url_rewriter.hosts']?.toString()
  const rewriter = createUrlRewriter({ ...links, separator, formHosts })
  const written = [rewriter.write(Buffer.from(page)), rewriter.end()]
  return { ...before, headers, page: Buffer.concat(written).toString() }
}
