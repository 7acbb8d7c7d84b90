/**
 * What applications do to a response, as data: each is run with and without sessions, and must look
 * the same from outside and from inside.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable, pipeline } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

/** Records what the application sees. */
export type Note = (...facts: unknown[]) => void

export type Run = (
  response: ServerResponse,
  note: Note,
  request: IncomingMessage,
) => void | Promise<void>

/** Notes what an action throws; its result is of no interest. */
function attempt(note: Note, action: () => unknown): void {
  try {
    action()
    note('did not throw')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    note(code, message)
  }
}

function noteState(note: Note, response: ServerResponse): void {
  const { headersSent, writableEnded, finished, statusCode } = response
  note({ headersSent, writableEnded, finished, statusCode })
}

/** Same in HTTP/1 and HTTP/2. */
export const COMMON: Readonly<Record<string, Run>> = {
  'end with a text': (res) => void res.end('text'),
  'end with nothing': (res) => void res.end(),
  'end with an encoding': (res) => void res.end('68656c6c6f', 'hex'),
  'end with a callback': (res, note) => void res.end('text', () => note('ended')),
  'end with bytes': (res) => void res.end(Uint8Array.of(0, 255, 128)),
  'end in a later turn': async (res) => {
    await delay(2)
    res.end('later')
  },
  'write twice, end': (res) => {
    res.write('one')
    res.write('two')
    res.end('three')
  },
  'write with encodings and callbacks': (res, note) => {
    res.write('6f6e65', 'hex', () => note('first'))
    res.write('two', () => note('second'))
    res.end('three', 'latin1', () => note('last'))
  },
  'write over time': async (res) => {
    for (const word of ['one', 'two', 'three']) {
      res.write(word)
      await delay(1)
    }
    res.end()
  },
  'status and headers, end': (res) => {
    res.statusCode = 201
    res.setHeader('Content-Type', 'text/plain')
    res.setHeader('X-List', ['a', 'b'])
    res.end('made')
  },
  'writeHead with an object': (res) => {
    res.writeHead(202, {
      'Content-Type': 'text/plain',
      'X-Number': 5,
      'Set-Cookie': ['a=1', 'b=2'],
    })
    res.end('text')
  },
  'writeHead over setHeader': (res) => {
    res.setHeader('X-One', 'old')
    res.setHeader('X-Two', 'kept')
    res.writeHead(200, { 'x-one': 'new' })
    res.end('text')
  },
  'writeHead without headers': (res) => {
    res.setHeader('X-One', '1')
    res.writeHead(404)
    res.end()
  },
  'writeHead, nothing written': (res) => {
    res.writeHead(200, { 'Content-Length': 0 })
    res.end()
  },
  'cookies of its own': (res) => {
    res.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2'])
    res.appendHeader('Set-Cookie', 'c=3')
    res.end()
  },
  'a cookie of its own as text': (res) => {
    res.setHeader('Set-Cookie', 'a=1')
    res.end()
  },
  'no content': (res) => void res.writeHead(204).end(),
  'not modified': (res) => {
    res.setHeader('ETag', '"a"')
    res.statusCode = 304
    res.end()
  },
  'a redirect': (res) => void res.writeHead(302, { Location: '/next' }).end(),
  'a length of its own': (res) => {
    res.setHeader('Content-Length', '6')
    res.write('abc')
    res.end('def')
  },
  'flushHeaders, then a stream of events': async (res, note) => {
    res.setHeader('Content-Type', 'text/event-stream')
    res.flushHeaders()
    noteState(note, res)
    await delay(2)
    res.write('data: 1\n\n')
    await delay(2)
    res.end('data: 2\n\n')
  },
  'flushHeaders twice': (res) => {
    res.flushHeaders()
    res.flushHeaders()
    res.end('x')
  },
  'look at the response': (res, note) => {
    noteState(note, res)
    res.statusCode = 418
    res.write('a')
    noteState(note, res)
    res.statusCode = 500
    noteState(note, res)
    res.end()
    noteState(note, res)
  },
  'look at the response after writeHead': (res, note) => {
    res.writeHead(201)
    noteState(note, res)
    res.end('x')
    noteState(note, res)
  },
  'look at the response when it is over': async (res, note) => {
    res.statusCode = 404
    res.end('x')
    res.statusCode = 410
    await new Promise((resolve) => res.once('finish', resolve))
    noteState(note, res)
  },
  'events in order': (res, note) => {
    for (const event of ['finish', 'close', 'pipe', 'unpipe']) res.on(event, () => note(event))
    res.end('x')
  },
  'chained calls': (res, note) => {
    note(res.writeHead(200) === res, res.end('x') === res)
  },
  'change headers after end': (res, note) => {
    res.setHeader('X-A', '1')
    res.end('x')
    attempt(note, () => res.setHeader('X-A', '2'))
    attempt(note, () => res.appendHeader('X-A', '2'))
    attempt(note, () => res.removeHeader('X-A'))
    attempt(note, () => res.writeHead(500))
    note(res.getHeader('x-a'), res.hasHeader('X-A'))
  },
  'change headers after write': (res, note) => {
    res.write('x')
    attempt(note, () => res.setHeader('X-A', '2'))
    attempt(note, () => res.writeHead(500, { 'X-B': '1' }))
    res.end('y')
  },
  'change headers after writeHead': (res, note) => {
    res.writeHead(200, { 'X-A': '1' })
    attempt(note, () => res.setHeader('X-A', '2'))
    attempt(note, () => res.writeHead(500))
    res.end('y')
  },
  'change headers after flushHeaders': (res, note) => {
    res.flushHeaders()
    attempt(note, () => res.setHeader('X-A', '2'))
    res.end('y')
  },
  'end twice': (res, note) => {
    res.end('x', () => note('first callback'))
    attempt(note, () => res.end())
    noteState(note, res)
  },
  'end again when it is over': async (res, note) => {
    res.end('x')
    await new Promise((resolve) => res.once('close', resolve))
    attempt(note, () => res.end())
    noteState(note, res)
  },
  'write what is no body': (res, note) => {
    for (const chunk of [null, undefined, 5, {}, ['a']]) {
      attempt(note, () => res.write(chunk as string))
    }
    res.end('still here')
  },
  'trailers after a body': (res, note) => {
    res.setHeader('Trailer', 'X-Check')
    attempt(note, () => res.write('body'))
    if (!res.headersSent) res.removeHeader('Trailer')
    res.addTrailers({ 'X-Check': 'sum' })
    res.end()
  },
  'a source piped': (res) => void Readable.from(['a', 'b', 'c']).pipe(res),
  'a large source piped': (res) => {
    let left = 64
    const source = new Readable({
      read() {
        this.push(left-- > 0 ? 'x'.repeat(16_384) : null)
      },
    })
    source.pipe(res)
  },
  'a large source in a pipeline': (res, note) => {
    const parts = Array.from({ length: 32 }, (_, at) => Buffer.alloc(16_384, 97 + (at % 26)))
    pipeline(Readable.from(parts), res, (error) => note('pipeline', error?.message))
  },
  'a source that fails at once': (res, note) => {
    const source = new Readable({
      read() {
        this.destroy(new Error('no such file'))
      },
    })
    pipeline(source, res, (error) => note('pipeline', error?.message))
  },
  'as much as it takes': async (res) => {
    for (let round = 0; round < 40; round += 1) {
      if (!res.write('y'.repeat(10_000))) await new Promise((resolve) => res.once('drain', resolve))
    }
    res.end()
  },
  'one megabyte without waiting': (res) => {
    for (let round = 0; round < 100; round += 1) res.write('z'.repeat(10_000))
    res.end()
  },
  'destroy before anything': (res) => void res.destroy(),
  'destroy after a write': async (res) => {
    res.write('half')
    await delay(20)
    res.destroy()
  },
  'echo of the body': async (res, _, req) => {
    for await (const chunk of req) res.write(chunk as Buffer)
    res.end()
  },
  'cork and uncork': (res) => {
    res.cork()
    res.write('a')
    res.write('b')
    process.nextTick(() => {
      res.uncork()
      res.end('c')
    })
  },
  'early hints': (res) => {
    res.writeEarlyHints({ link: '</a.css>; rel=preload' })
    res.end('x')
  },
  'no date': (res) => {
    res.sendDate = false
    res.end('x')
  },
}

/** What only HTTP/1 has, or what HTTP/2 does otherwise. */
export const HTTP1: Readonly<Record<string, Run>> = {
  'writeHead with a message': (res) => void res.writeHead(200, 'Fine', { 'X-A': '1' }).end('x'),
  'writeHead with a message only': (res) => void res.writeHead(200, 'Fine').end('x'),
  'a message': (res) => {
    res.statusMessage = 'Quite'
    res.end('x')
  },
  'writeHead with a flat array': (res) => {
    res.writeHead(200, ['X-A', '1', 'x-a', '2', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'])
    res.end('x')
  },
  'writeHead with pairs': (res) => {
    const pairs = [
      ['X-A', '1'],
      ['X-A', '2'],
    ]
    res.writeHead(200, pairs as unknown as string[])
    res.end('x')
  },
  'writeHead with a flat array over setHeader': (res) => {
    res.setHeader('X-Old', '0')
    res.writeHead(200, ['X-A', '1', 'X-B', '2'])
    res.end('x')
  },
  'writeHead with pairs over setHeader': (res, note) => {
    res.setHeader('X-Old', '0')
    attempt(note, () => res.writeHead(200, [['X-A', '1']] as unknown as string[]))
    res.end('x')
  },
  'writeHead hides its headers': (res, note) => {
    res.writeHead(200, { 'X-A': '1' })
    note(res.getHeader('X-A'), res.hasHeader('x-a'), res.statusMessage)
    res.end('x')
  },
  setHeaders: (res, note) => {
    res.setHeaders(new Map([['X-A', '1']]))
    res.end('x')
    attempt(note, () => res.setHeaders(new Map([['X-A', '2']])))
  },
  'writeHead with what is no status': (res, note) => {
    for (const status of [99, 1000, 'abc', NaN]) {
      attempt(note, () => res.writeHead(status as number))
    }
    noteState(note, res)
    res.end('recovered')
  },
  'a message that is none': (res, note) => {
    res.statusMessage = 'bad\nmessage'
    attempt(note, () => res.write('x'))
    attempt(note, () => res.end('x'))
    attempt(note, () => res.flushHeaders())
    noteState(note, res)
    res.statusMessage = 'Good'
    res.end('recovered')
  },
  'a status that is none': (res, note) => {
    res.statusCode = 99
    attempt(note, () => res.end('x'))
    res.statusCode = 200
    res.end('recovered')
  },
  'writeHead with what is no header': (res, note) => {
    attempt(note, () => res.writeHead(200, { 'bad name': '1' }))
    attempt(note, () => res.writeHead(200, { 'X-A': 'bad\nvalue' }))
    attempt(note, () => res.writeHead(200, { 'X-A': undefined as unknown as string }))
    attempt(note, () => res.writeHead(200, ['X-A'] as string[]))
    attempt(note, () => res.writeHead(200, 'bad\nmessage'))
    noteState(note, res)
    res.writeHead(500, 'Sorry', { 'X-B': '2' })
    res.end('recovered')
  },
  'end with what is no body': (res, note) => {
    attempt(note, () => res.end(5 as unknown as string))
    attempt(note, () => res.end({} as unknown as string))
    attempt(note, () => res.end(['a'] as unknown as string))
    noteState(note, res)
    res.end('recovered')
  },
  'end twice with callbacks': (res, note) => {
    res.end('x', () => note('first'))
    res.end(() => note('second'))
  },
  'end with a callback when it is over': async (res, note) => {
    res.end('x')
    await new Promise((resolve) => res.once('close', resolve))
    res.end((error?: NodeJS.ErrnoException) => note('second', error?.code))
  },
  'write after end': async (res, note) => {
    res.on('error', (error: NodeJS.ErrnoException) => note('error', error.code))
    res.end('x')
    note(res.write('y', (error) => note('callback', (error as NodeJS.ErrnoException)?.code)))
    await new Promise((resolve) => res.once('close', resolve))
    note('closed')
  },
  'end with a body after end': async (res, note) => {
    res.on('error', (error: NodeJS.ErrnoException) => note('error', error.code))
    res.end('x')
    res.end('y')
    await new Promise((resolve) => res.once('close', resolve))
  },
  'a body where there is none': (res) => {
    res.writeHead(204)
    res.write('x')
    res.end('y')
  },
  'a body with not modified': (res) => {
    res.writeHead(304, { 'Content-Type': 'text/plain' })
    res.end('x')
  },
  'a connection to close': (res) => {
    res.setHeader('Connection', 'close')
    res.end('x')
  },
  'no chunks': (res) => {
    res.removeHeader('Transfer-Encoding')
    res.write('a')
    res.end('b')
  },
  processing: (res) => {
    res.writeProcessing()
    res.end('x')
  },
  'end, then destroy': (res) => {
    res.end('sent before')
    res.destroy()
  },
  'write, then destroy': (res) => {
    res.setHeader('Content-Length', '20')
    res.write('sent before')
    res.destroy()
  },
  'end, then destroy the connection': (res, _, req) => {
    res.end('sent before')
    req.socket.destroy()
  },
  'too little for its length': (res) => {
    res.setHeader('Content-Length', '10')
    res.end('short')
  },
}
