/**
 * A browser's side of requests-table.ts, in a process of its own: the server's process then holds
 * nothing but the server. Takes a line of JSON for each round, is ready, waits for a line to start.
 */
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

const CONNECTIONS = 8

/** One keep-alive connection with the cookie its first answer set. */
function visitor(port) {
  const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1')
  let received = ''
  let answered
  let cookie = ''
  socket.on('data', (text) => {
    received += text
    if (!isWhole(received)) return
    const answer = received
    received = ''
    answered(answer)
  })
  const ask = (path) =>
    new Promise((resolve) => {
      answered = resolve
      const sent = cookie === '' ? '' : `Cookie: theme=dark; ${cookie}\r\n`
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n${sent}\r\n`)
    })
  return {
    ask,
    async login() {
      const answer = await ask('/write')
      cookie = /^set-cookie: ([^;]+)/im.exec(answer)?.[1] ?? ''
    },
    close: () => socket.destroy(),
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

/** Whether a response has come to its end. */
function isWhole(text) {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /^content-length: (\d+)/im.exec(text)
  return length === null
    ? text.endsWith('\r\n0\r\n\r\n')
    : text.length >= head + 4 + Number(length[1])
}

for (let line = await lines.next(); !line.done; line = await lines.next()) {
  const { port, path, count, known } = JSON.parse(line.value)
  const visitors = Array.from({ length: CONNECTIONS }, () => visitor(port))
  await Promise.all(visitors.map((each) => (known ? each.login() : each.ask('/plain'))))
  console.log('ready')
  await lines.next()
  await Promise.all(
    visitors.map(async ({ ask }) => {
      for (let left = count / CONNECTIONS; left > 0; left -= 1) await ask(path)
    }),
  )
  console.log('done')
  for (const each of visitors) each.close()
}
