/** The answer where the application's cannot be given. */
import { isHttp2, type AnyResponse } from './node-response.js'

/**
 * Answers with status 500 and no header that the application has set: they describe what it does
 * not get to say.
 *
 * @param custom Answers instead; what it leaves open is ended here.
 */
export function answerPlainly(response: AnyResponse, custom?: () => void): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  response.statusCode = 500
  if (!isHttp2(response)) response.statusMessage = ''
  custom?.()
  if (response.writableEnded) return
  if (!response.headersSent) {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8')
    response.end('Internal Server Error\n')
  } else response.end()
}
