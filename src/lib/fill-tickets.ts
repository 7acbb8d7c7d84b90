/**
 * Says whether an answer from below may still be kept: not when the id was written, destroyed or
 * invalidated while the answer was on its way.
 *
 * @module
 */

/** One stretch of an id's life without a change. Compared by identity. */
export interface Ticket {
  /** Reads on their way. */
  reads: number
  /** A change is on its way: what is read meanwhile is not kept. */
  readonly changing: boolean
}

export interface FillTickets {
  /** Before a read goes down. */
  read(id: string): Ticket
  /** After it came back. @returns Whether its answer may be kept. */
  readDone(id: string, ticket: Ticket): boolean
  /** Before a write or a destroy goes down; no read on its way may be kept. */
  change(id: string): Ticket
  /** After it came back. @returns Whether nothing else happened to the id meanwhile. */
  changeDone(id: string, ticket: Ticket): boolean
  /** Somebody else changed it: nothing on its way may be kept. */
  revoke(id: string): void
  /** Ids with something on its way; 0 when all is quiet. */
  readonly size: number
}

export function fillTickets(): FillTickets {
  const tickets = new Map<string, Ticket>()

  const issue = (id: string, changing: boolean) => {
    const ticket = { reads: 0, changing }
    tickets.set(id, ticket)
    return ticket
  }

  return {
    read(id) {
      const ticket = tickets.get(id) ?? issue(id, false)
      ticket.reads += 1
      return ticket
    },
    readDone(id, ticket) {
      ticket.reads -= 1
      if (tickets.get(id) !== ticket || ticket.changing) return false
      if (ticket.reads === 0) tickets.delete(id)
      return true
    },
    change: (id) => issue(id, true),
    changeDone(id, ticket) {
      const alone = tickets.get(id) === ticket
      tickets.delete(id)
      return alone
    },
    revoke(id) {
      tickets.delete(id)
    },
    get size() {
      return tickets.size
    },
  }
}
