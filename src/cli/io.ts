/**
 * What a command has of its process, so that tests can hand in their own.
 *
 * @module
 */
import { once } from 'node:events'
import { OutputClosed } from './problems.js'

/** A stream that may be a terminal. */
export interface Terminal extends NodeJS.WritableStream {
  readonly isTTY?: boolean | undefined
  /** Characters in a line of the terminal. */
  readonly columns?: number | undefined
}

/** The surroundings of one run. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array | string>
  readonly stdout: Terminal
  readonly stderr: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder that names of files count from. */
  readonly cwd: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Aborted when the work shall end after what is in hand; its reason is the name of the signal. */
  readonly signal: AbortSignal
}

/** Writes to a stream in large pieces, no faster than the other side reads. */
export interface Printer {
  /** @throws {OutputClosed} When nobody reads any more. */
  line(text: string): Promise<void>
  /** @throws {OutputClosed} When nobody reads any more. */
  bytes(data: Uint8Array): Promise<void>
  /** Writes what is left. @throws {OutputClosed} When nobody reads any more. */
  flush(): Promise<void>
}

const PIECE = 16 * 1024

/** Makes a printer; a reader who has gone (`| head`) is no error of the stream then. */
export function printer(stream: Terminal): Printer {
  let text = ''
  let failure: Error | undefined
  stream.on('error', (error: Error) => (failure = error))

  async function write(data: string | Uint8Array): Promise<void> {
    assertOpen()
    if (!stream.write(data)) await once(stream, 'drain').catch(() => undefined)
    assertOpen()
  }

  function assertOpen(): void {
    if (failure === undefined) return
    throw isGone(failure) ? new OutputClosed() : failure
  }

  async function flush(): Promise<void> {
    const ready = text
    text = ''
    if (ready !== '') await write(ready)
    else assertOpen()
  }

  return {
    async line(more) {
      text += `${more}\n`
      if (text.length >= PIECE) await flush()
    },
    async bytes(data) {
      await flush()
      await write(data)
    },
    flush,
  }
}

function isGone(error: Error): boolean {
  return ['EPIPE', 'ERR_STREAM_DESTROYED'].includes((error as { code?: string }).code ?? '')
}

/** Everything there is to read. */
export async function readAll(input: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of input) pieces.push(Buffer.from(piece as Uint8Array))
  return Buffer.concat(pieces)
}
