/** A server on loopback for one test, and what its clients get from it. */
import { once } from 'node:events'
import http, { type IncomingMessage, type RequestListener } from 'node:http'
import { connect, type AddressInfo } from 'node:net'

/** What a client saw of one response. */
export interface Answer {
  readonly status: number
  readonly message: string
  readonly version: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  readonly trailers: readonly string[]
  readonly information: readonly number[]
  /** What broke the exchange off. */
  readonly error?: string
}

export interface Question extends http.RequestOptions {
  readonly body?: string | undefined
}

export interface TestServer extends AsyncDisposable {
  readonly port: number
  readonly server: http.Server
  ask(question?: Question): Promise<Answer>
  /** Sends bytes as they are and collects all that comes until the server closes. */
  askRaw(text: string): Promise<string>
}

/** Starts a server; the end of the block stops it and its connections. */
export async function serve(
  listener: RequestListener,
  options: http.ServerOptions = {},
): Promise<TestServer> {
  const server = http.createServer(options, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    server,
    ask: (question = {}) => ask(port, question),
    askRaw: (text) => askRaw(port, text),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function ask(port: number, { body, ...options }: Question): Promise<Answer> {
  const request = http.request({ host: '127.0.0.1', port, agent: false, ...options })
  const information: number[] = []
  request.on('information', ({ statusCode }) => information.push(statusCode))
  const expectsContinue = request.getHeader('expect') !== undefined
  if (expectsContinue) request.once('continue', () => request.end(body))
  else request.end(body)
  if (expectsContinue) request.flushHeaders()
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return await collect(response, information)
  } catch (error) {
    return { ...NOTHING, information, error: (error as NodeJS.ErrnoException).code ?? 'unknown' }
  }
}

const NOTHING = { status: 0, message: '', version: '', headers: [], body: '', trailers: [] }

async function collect(response: IncomingMessage, information: number[]): Promise<Answer> {
  let body = ''
  let error: string | undefined
  response.setEncoding('latin1')
  try {
    for await (const chunk of response) body += chunk as string
  } catch (thrown) {
    error = (thrown as NodeJS.ErrnoException).code ?? 'unknown'
  }
  return {
    status: response.statusCode ?? 0,
    message: response.statusMessage ?? '',
    version: response.httpVersion,
    headers: pairs(response.rawHeaders),
    body,
    trailers: response.rawTrailers,
    information,
    ...(error === undefined ? {} : { error }),
  }
}

function pairs(raw: readonly string[]): [string, string][] {
  const found: [string, string][] = []
  for (let at = 0; at < raw.length; at += 2) found.push([raw[at] ?? '', raw[at + 1] ?? ''])
  return found
}

async function askRaw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('latin1')
  socket.write(text)
  let received = ''
  for await (const chunk of socket) received += chunk as string
  return received
}

/** All values of a header, in order. */
export function valuesOf({ headers }: Answer, name: string): string[] {
  return headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value)
}

/** `name=value` of the session cookie that a response sets, to send it back. */
export function sessionCookie(answer: Answer, name = 'PHPSESSID'): string | undefined {
  const line = valuesOf(answer, 'set-cookie').find((each) => each.startsWith(`${name}=`))
  return line?.split(';')[0]
}
