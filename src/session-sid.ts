/**
 * How a page is told the id of its session where no cookie does.
 *
 * @module
 */
import { needsSid, needsTransSid } from './http/propagation.js'
import type { UrlRewriterOptions } from './http/url-rewriter.js'
import type { SessionState } from './session-state.js'

/** `name=id` for links, or the empty text where a cookie came: PHP's constant `SID`. */
export function sidOf(
  { request, settings }: SessionState,
  session: { readonly id: string },
): string {
  return needsSid(request, settings) ? `${settings.name}=${session.id}` : ''
}

/**
 * What the URL rewriter has to know of the session, once it has ended.
 *
 * PHP differs: it also tells pages the id of a session that is not stored, or was destroyed.
 *
 * @returns `undefined` where pages stay as they are.
 */
export function transSidOf(state: SessionState): UrlRewriterOptions | undefined {
  const { request, settings, storedId, status, id } = state
  if (!needsTransSid(request, settings)) return undefined
  if (storedId === undefined || status === 'destroyed') return undefined
  const { name, transSidTags: tags, transSidHosts: hosts } = settings
  const { host } = request
  return { name, id: status === 'aborted' ? storedId : id, tags, hosts, host }
}
