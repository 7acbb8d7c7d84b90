/** Processes that use a database as an application does. */
import { fileURLToPath } from 'node:url'
import { talkToNode, type Talker } from './children.js'
import type { Whereabouts } from './children/database-worker.js'

/** Beside the packages of the clients. */
export const CLIENTS = fileURLToPath(new URL('../interop/package.json', import.meta.url))

/** A process that does a task there. */
export function databaseWorker(
  where: Whereabouts,
  id: string,
  task: string,
  argument: string | number = '',
): Promise<Talker> {
  const args = [JSON.stringify(where), id, task, String(argument)]
  return talkToNode('tests/helpers/children/database-worker.ts', args)
}
