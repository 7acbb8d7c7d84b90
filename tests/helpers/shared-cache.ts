/** A cache between visitors and a server that keeps what it may by RFC 9111, `Set-Cookie` included. */
import { valuesOf, type Answer, type Question } from './exchange.js'

type Ask = (question: Question) => Promise<Answer>

interface Kept {
  readonly question: Question
  readonly answer: Answer
}

/** Answers out of the cache where it may, as long as the test lasts. */
export function sharedCache(ask: Ask): Ask {
  const kept: Kept[] = []
  return async (question) => {
    const hit = kept.find((each) => isSame(each, question))
    if (hit !== undefined) return hit.answer
    const answer = await ask(question)
    if (mayKeep(question, answer)) kept.push({ question, answer })
    return answer
  }
}

function mayKeep({ method = 'GET' }: Question, answer: Answer): boolean {
  const control = valuesOf(answer, 'cache-control').join()
  if (method !== 'GET' || answer.status !== 200) return false
  return !/\b(?:private|no-store|no-cache)\b/.test(control) && /\bmax-age=[1-9]/.test(control)
}

/** Section 4.1: all headers that `Vary` names are alike, and `*` is never alike. */
function isSame({ question, answer }: Kept, asked: Question): boolean {
  if (question.path !== asked.path) return false
  const names = valuesOf(answer, 'vary').join().split(',')
  return names.every((each) => {
    const name = each.trim().toLowerCase()
    return name !== '*' && headerOf(question, name) === headerOf(asked, name)
  })
}

function headerOf({ headers = {} }: Question, name: string): string {
  return JSON.stringify((headers as Readonly<Record<string, unknown>>)[name] ?? '')
}
