/** Pages with the session id put in, by PHP and by us. */
import { readFileSync } from 'node:fs'
import { createUrlRewriter, type UrlRewriterOptions } from '../../src/http/url-rewriter.js'

export type Ini = Readonly<Record<string, string | number | undefined>>

/** What PHP's settings are called here. */
export function optionsOf(ini: Ini, host?: string): UrlRewriterOptions {
  const text = (name: string) => (ini[name] === undefined ? undefined : String(ini[name]))
  return {
    name: 'PHPSESSID',
    id: 'SIDVALUE',
    tags: text('session.trans_sid_tags'),
    hosts: text('session.trans_sid_hosts'),
    formHosts: text('url_rewriter.hosts'),
    separator: text('arg_separator.output'),
    host,
  }
}

/** A page, cut into pieces of so many bytes; text is a byte a character. */
export function rewritten(page: string, options: UrlRewriterOptions, size = Infinity): string {
  const rewriter = createUrlRewriter(options)
  const bytes = Buffer.from(page, 'latin1')
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) {
    pieces.push(rewriter.write(bytes.subarray(at, at + size)))
  }
  return Buffer.concat([...pieces, rewriter.end()]).toString('latin1')
}

interface Row {
  readonly id: string
  readonly name: string
  readonly ini: Ini
  readonly host: string | null
  readonly html: string
  readonly body: string
}

/** Pages that PHP 8.2 wrote. */
export function transSidVectors(): Row[] {
  const lines = readFileSync(new URL('../vectors/trans-sid.jsonl', import.meta.url), 'utf8')
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
}
