import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createUrlRewriter, type UrlRewriterOptions } from '../../../src/http/url-rewriter.js'
import { urlRewriterStream, urlRewriterTransform } from '../../../src/http/url-rewriter-streams.js'
import { optionsOf, rewritten, transSidVectors } from '../../helpers/trans-sid.js'

const OPTIONS = optionsOf({})
const AWARE: UrlRewriterOptions = { ...OPTIONS, htmlAware: true }
const FIELD = '<input type="hidden" name="PHPSESSID" value="SIDVALUE" />'

describe('a page that PHP wrote', () => {
  it.each(transSidVectors().map((row) => [row.id, row.name, row] as const))(
    'is written the same here: %s %s',
    (_, __, { ini, host, html, body }) => {
      const options = optionsOf(ini, host ?? undefined)
      const page = Buffer.from(html).toString('latin1')
      const expected = Buffer.from(body).toString('latin1')

      expect(rewritten(page, options)).toBe(expected)
      for (const size of [1, 2, 3, 7]) expect(rewritten(page, options, size)).toBe(expected)
    },
  )
})

describe('a page in two pieces', () => {
  const pages = transSidVectors()

  it(`is the same wherever it was cut: ${pages.length} pages at every byte`, () => {
    const wrong: string[] = []
    for (const { id, ini, host, html } of pages) {
      const options = optionsOf(ini, host ?? undefined)
      for (const htmlAware of [false, true]) {
        const whole = rewritten(Buffer.from(html).toString('latin1'), { ...options, htmlAware })
        if (!cuts(html, { ...options, htmlAware }).every((page) => page === whole)) wrong.push(id)
      }
    }

    expect(wrong).toEqual([])
  })

  function cuts(html: string, options: UrlRewriterOptions): string[] {
    const bytes = Buffer.from(html)
    return Array.from({ length: bytes.length + 1 }, (_, at) => {
      const rewriter = createUrlRewriter(options)
      const pieces = [rewriter.write(bytes.subarray(0, at)), rewriter.write(bytes.subarray(at))]
      return Buffer.concat([...pieces, rewriter.end()]).toString('latin1')
    })
  }
})

describe('a form that ends the page', () => {
  it.each(['<form>', '<form action="p">', '<form action=p/>', '<form "/>'])(
    'gets no field: %s',
    (page) => {
      expect(rewritten(page, OPTIONS)).toBe(page)
      expect(rewritten(page, OPTIONS, 1)).toBe(page)
    },
  )

  it.each(['<form/>', '<form />', '<form action="p"/>', '<form a/>', '<form action=p />'])(
    'gets one where it is closed by a slash, as in PHP: %s',
    (page) => {
      expect(rewritten(page, OPTIONS)).toBe(page + FIELD)
      expect(rewritten(page, OPTIONS, 1)).toBe(page + FIELD)
    },
  )
})

describe('names and ids', () => {
  it('are encoded in links, and escaped in forms', () => {
    const options = { name: 'x<y"é', id: 'a,b' }
    const page = Buffer.from('<a href="p"><form>é').toString('latin1')

    expect(Buffer.from(rewritten(page, options), 'latin1').toString()).toBe(
      '<a href="p?x%3Cy%22%C3%A9=a%2Cb"><form>' +
        '<input type="hidden" name="x&lt;y&quot;é" value="a,b" />é',
    )
  })
})

describe('another host', () => {
  const away = [
    '//other.test/x',
    'http://other.test/x',
    'HTTPS://OTHER.TEST',
    '\\\\other.test/x',
    '/\\other.test/x',
    '\\/other.test/x',
    ' //other.test/x',
    '\x01//other.test/x',
    '/\t/other.test/x',
    'javascript:go()',
    'data:text/html,x',
    'mailto:a@b.c',
    'http://user@other.test/x',
    'http://localhost@other.test/x',
    'http://localhost.other.test/x',
  ]

  it.each(away.flatMap((url) => [[url, false] as const, [url, true] as const]))(
    'never learns the id: %j, htmlAware %s',
    (url, htmlAware) => {
      const page = `<a href="${url}">x</a><form action="${url}">f</form>`

      expect(rewritten(page, { ...OPTIONS, htmlAware, hosts: 'localhost' })).toBe(page)
    },
  )

  it.each(['http://h:999999/', '//h:999999', ':80', ':', 'http:///x', 'data://h:99999/'])(
    'is not sent a form whose action is no URL: %j',
    (action) => {
      const page = `<form action="${action}">f</form>`

      expect(rewritten(page, OPTIONS)).toBe(page)
      expect(rewritten(page, AWARE)).toBe(page)
    },
  )

  it('learns it when it is named', () => {
    const options = { ...OPTIONS, hosts: 'other.test' }

    expect(rewritten('<a href="//other.test/x">', options)).toBe(
      '<a href="//other.test/x?PHPSESSID=SIDVALUE">',
    )
  })
})

describe('htmlAware', () => {
  it.each([
    ['a comment', '<!-- <a href="p"> --><!--><a href="q">', '<a href="q?PHPSESSID=SIDVALUE">', '<a href="q">'], // prettier-ignore
    ['a script', '<script>"<a href=\'p\'>"</scripts></script>', '', ''],
    ['a textarea', '<TEXTAREA><a href="p"></a></textarea >', '', ''],
    ['a doctype', '<!DOCTYPE html><?php <a?>', '', ''],
    ['an end tag', '</a href="p">', '', ''],
    ['a less-than sign', 'a < a href="p"', '', ''],
  ])('leaves %s alone', (_, page, now, before) => {
    expect(rewritten(page, AWARE)).toBe(before === '' ? page : page.replace(before, now))
  })

  it.each([
    ['a blank of any kind around the equals sign', '<a href\n=\t"p">', '<a href\n=\t"p?PHPSESSID=SIDVALUE">'], // prettier-ignore
    ['a value with a greater-than sign', '<a title="a>b" href="p">', '<a title="a>b" href="p?PHPSESSID=SIDVALUE">'], // prettier-ignore
    ['an attribute with a digit or a dash before it', '<a x1="1" -y href=p>', '<a x1="1" -y href=p?PHPSESSID=SIDVALUE>'], // prettier-ignore
    ['a query', '<a href="p?a=1&amp;b=2#f">', '<a href="p?a=1&amp;b=2&amp;PHPSESSID=SIDVALUE#f">'],
    ['a question mark alone', '<a href="p?">', '<a href="p?PHPSESSID=SIDVALUE">'],
    ['an id that is there', '<a href="p?PHPSESSID=old&a=1">', '<a href="p?a=1&amp;PHPSESSID=SIDVALUE">'], // prettier-ignore
    ['a second less-than sign', '<<a href="p">', '<<a href="p?PHPSESSID=SIDVALUE">'],
  ])('understands %s', (_, page, expected) => {
    for (const size of [Infinity, 1, 3]) expect(rewritten(page, AWARE, size)).toBe(expected)
  })

  it('keeps the user of a URL as it is', () => {
    const page = '<a href="http://user:pw@localhost">'

    expect(rewritten(page, { ...AWARE, hosts: 'localhost' })).toBe(
      '<a href="http://user:pw@localhost/?PHPSESSID=SIDVALUE">',
    )
  })

  it('judges each form by its own action', () => {
    const page = '<form action="http://other.test">1<form a="http://other.test">2<form>3'

    expect(rewritten(page, AWARE)).toBe(
      `<form action="http://other.test">1<form a="http://other.test">${FIELD}2<form>${FIELD}3`,
    )
  })

  it('puts the field into a form that ends the page', () => {
    expect(rewritten('<form>', AWARE)).toBe(`<form>${FIELD}`)
  })

  it.each(['<a href="p', '<a href=p', '<a href', '<a', '<!-', '<script><', "<a x='"])(
    'gives a page back that breaks off: %s',
    (page) => {
      for (const size of [Infinity, 1]) expect(rewritten(page, AWARE, size)).toBe(page)
    },
  )
})

describe('streams', () => {
  const pieces = ['<a hr', 'ef="p', '">x</a><form', '>f</form>']
  const expected = `<a href="p?PHPSESSID=SIDVALUE">x</a><form>${FIELD}f</form>`

  it('of Node carry the page', async () => {
    let page = ''
    await pipeline(Readable.from(pieces), urlRewriterTransform(OPTIONS), async (source) => {
      for await (const chunk of source) page += String(chunk)
    })

    expect(page).toBe(expected)
  })

  it('of the web carry the page', async () => {
    const source = new Response(pieces.join('')).body as ReadableStream<Uint8Array>
    const through = urlRewriterStream(OPTIONS) as TransformStream<Uint8Array, Uint8Array>

    expect(await new Response(source.pipeThrough(through)).text()).toBe(expected)
  })
})

describe('options', () => {
  it.each([
    [{ id: 'x' }, '"name" must be a string'],
    [{ name: 'n', id: 'x', tags: 1 }, '"tags" must be a string'],
    [{ name: 'n', id: 'x', htmlAware: 'yes' }, '"htmlAware" must be true or false'],
    [{ name: 'n', id: 'x', host_: '' }, 'unknown option "host_"'],
  ])('are checked: %j', (options, message) => {
    expect(() => createUrlRewriter(options as never)).toThrow(message)
  })
})
