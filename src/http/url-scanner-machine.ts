/**
 * What the two scanners of pages have in common: a machine that is fed text in any pieces and gives
 * out what is decided. Text is a byte a character.
 *
 * @module
 */

/** What is done with what is found. */
export interface ScannerRules {
  /** The attribute to rewrite of a tag in lower case; `undefined` for a tag of no interest. */
  attributeOf(tag: string): string | undefined
  /** The new value of the attribute. */
  rewrite(value: string): string
  /** What follows the end of a form tag; `action` is the one that counts for it. */
  afterForm(action: string | undefined): string
}

/** A page on its way. */
export interface Scanner {
  /** Takes the next piece. @returns What is decided of the page. */
  push(text: string): string
  /** What was kept back; nothing follows it, so it stays as it is. */
  end(): string
}

/** Where a machine stands. `Self` is the machine itself, with what it knows besides. */
export interface Scan<Self> {
  readonly rules: ScannerRules
  /** What is done with the text from an index on. @returns Where the next state goes on. */
  state: (scan: Self, text: string, at: number) => number
  /** What is decided and not given out yet. */
  out: string
  /** What may still become something else: a value. */
  held: string
  tag: string
  argument: string
  quote: string
  action: string | undefined
}

/** A machine before its first character, but for its state. */
export function emptyScan(rules: ScannerRules): Omit<Scan<never>, 'state'> {
  return { rules, out: '', held: '', tag: '', argument: '', quote: '"', action: undefined }
}

/** The machine as a scanner. @param finish Decides what is kept back when nothing follows. */
export function scanner<Self extends Scan<Self>>(
  scan: Self,
  finish: (scan: Self) => void,
): Scanner {
  return {
    push(text) {
      feed(scan, text)
      return drain(scan)
    },
    end() {
      finish(scan)
      return drain(scan)
    },
  }
}

/** Lets the machine read a text. */
export function feed<Self extends Scan<Self>>(scan: Self, text: string): void {
  for (let at = 0; at < text.length;) at = scan.state(scan, text, at)
}

function drain<Self>(scan: Scan<Self>): string {
  const decided = scan.out
  scan.out = ''
  return decided
}
