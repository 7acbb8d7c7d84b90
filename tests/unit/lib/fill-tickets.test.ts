import { describe, expect, it } from 'vitest'
import { fillTickets } from '../../../src/lib/fill-tickets.js'

describe('a ticket', () => {
  it('of a read is good while nothing changes, for all who read at once', () => {
    const tickets = fillTickets()
    const [first, second] = [tickets.read('a'), tickets.read('a')]

    expect(tickets.size).toBe(1)
    expect(tickets.readDone('a', first)).toBe(true)
    expect(tickets.readDone('a', second)).toBe(true)
    expect(tickets.size).toBe(0)
  })

  it.each(['change', 'revoke'] as const)('of a read is good no more after a %s', (operation) => {
    const tickets = fillTickets()
    const read = tickets.read('a')

    tickets[operation]('a')

    expect(tickets.readDone('a', read)).toBe(false)
  })

  it('of a read that began during a change is never good', () => {
    const tickets = fillTickets()
    const change = tickets.change('a')
    const [early, late] = [tickets.read('a'), tickets.read('a')]

    expect(tickets.readDone('a', early)).toBe(false)
    expect(tickets.changeDone('a', change)).toBe(true)
    expect(tickets.readDone('a', late)).toBe(false)
    expect(tickets.size).toBe(0)
  })

  it('of two changes that overlap is not good for the one that ends last', () => {
    const tickets = fillTickets()
    const [first, second] = [tickets.change('a'), tickets.change('a')]

    expect(tickets.changeDone('a', second)).toBe(true)
    expect(tickets.changeDone('a', first)).toBe(false)

    const [third, fourth] = [tickets.change('a'), tickets.change('a')]
    expect(tickets.changeDone('a', third)).toBe(false)
    expect(tickets.changeDone('a', fourth)).toBe(false)
    expect(tickets.size).toBe(0)
  })

  it('of a change is good no more after a message from elsewhere', () => {
    const tickets = fillTickets()
    const change = tickets.change('a')

    tickets.revoke('a')

    expect(tickets.changeDone('a', change)).toBe(false)
  })

  it('is no other id’s business', () => {
    const tickets = fillTickets()
    const read = tickets.read('a')

    tickets.change('b')
    tickets.revoke('c')

    expect(tickets.readDone('a', read)).toBe(true)
  })

  it('leaves nothing behind, whatever overlapped: 100,000 ids', () => {
    const tickets = fillTickets()

    for (let index = 0; index < 100_000; index += 1) {
      const id = `id${index}`
      const [read, change, second] = [tickets.read(id), tickets.change(id), tickets.read(id)]
      if (index % 3 === 0) tickets.revoke(id)
      tickets.readDone(id, second)
      tickets.changeDone(id, change)
      tickets.readDone(id, read)
    }

    expect(tickets.size).toBe(0)
  })
})
