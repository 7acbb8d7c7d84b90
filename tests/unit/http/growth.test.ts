/** The URL rewriter's time grows with the page, whatever is in it. */
import { describe, expect, it } from 'vitest'
import { createUrlRewriter } from '../../../src/http/url-rewriter.js'
import { measureGrowth, type GrowthOptions } from '../../helpers/growth.js'

const MB = 2 ** 20
const BOUND = 1.1
const SIXTEEN: GrowthOptions = { sizes: [MB, 4 * MB, 16 * MB], runs: 1, bound: BOUND, tries: 20 }

const PAGES: Readonly<Record<string, string>> = {
  links: '<a href="page.php?a=1">link</a>\n',
  forms: '<form action="p"><input></form>\n',
  'text alone': 'nothing here but words\n',
  'quotes that end nothing': `<a x="'`,
  'values without an end': '<a href="aaaaaaaa',
  'attributes without a tag end': '<a b="" c=\'\' d=e ',
  'less-than signs': '<',
  comments: '<!-- <a href="p"> --',
  scripts: '<script>"</scrip',
}

describe.each([false, true])('a page, htmlAware %s', (htmlAware) => {
  const whole = { name: 'PHPSESSID', id: 'SIDVALUE', htmlAware }

  it.each(Object.entries(PAGES))(
    'of %s takes time in proportion',
    { timeout: 240_000 },
    (_, scrap) => {
      const growth = measureGrowth((size) => {
        const page = Buffer.alloc(size, scrap)
        return () => {
          const rewriter = createUrlRewriter(whole)
          for (let at = 0; at < size; at += 65_536) rewriter.write(page.subarray(at, at + 65_536))
          return rewriter.end()
        }
      }, SIXTEEN)

      expect(growth.exponent).toBeLessThanOrEqual(BOUND)
    },
  )
})
