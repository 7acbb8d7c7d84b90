/** Memory that is really in use, for tests of what grows. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
/** A full garbage collection. */
export const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of heap and buffers after a full garbage collection. */
export function usedBytes(): number {
  collectGarbage()
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
