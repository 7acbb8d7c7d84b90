/** `sessionz migrate` */
import { command, type Task } from '../command.js'
import { BATCH_FLAGS, integerOf, isGiven, LOCK_FLAG, PLACE_FLAGS, textOf } from '../flags.js'
import { mover, type Outcome } from '../move.js'
import { openWord } from '../place-open.js'
import { EXIT, reasonOf, UsageError } from '../problems.js'
import { eachSession, expectedOf, listOf, named } from '../sessions.js'
import { count, sessions } from '../units.js'

const { serializer, name, 'max-lifetime': lifetime } = PLACE_FLAGS

export const migrate = command({
  name: 'migrate',
  summary: 'Moves live sessions from one place to another, each under its lock',
  words: '',
  counts: [0, 0],
  details: [
    'A place is files:<save path>, sqlite:<file>, sqlite:<file>#<table>, or the file of a config.',
    'Sessions keep their ids and ages. Without --to-serializer their bytes are taken as they are.',
    'What the other place has already, with other content, stays in both places: exit code 1.',
  ],
  flags: {
    from: { value: 'place', text: 'where they are' },
    to: { value: 'place', text: 'where they go; a table of SQLite is made' },
    keep: { text: 'copy, and leave the old ones where they are' },
    ...BATCH_FLAGS,
    ...LOCK_FLAG,
    serializer: { ...serializer, text: 'format they have, where a config does not say' },
    'to-serializer': { value: 'name', text: 'format they are to have' },
    name,
    'max-lifetime': lifetime,
  },
  async run(task) {
    const { given, io, out } = task
    const from = textOf(given, 'from')
    const to = textOf(given, 'to')
    if (from === undefined || to === undefined) throw new UsageError('give --from and --to')
    if (from === to) throw new UsageError('--from and --to are the same place')
    const source = await openWord(from, given, io)
    task.atEnd(source.close)
    const format = textOf(given, 'to-serializer')
    const target = await openWord(to, { ...given, serializer: format ?? given['serializer'] }, io)
    task.atEnd(target.close)
    const plan = { source, target, converts: format !== undefined, keep: isGiven(given, 'keep') }
    const done = await moveAll(task, plan)
    const told = [`${sessions(done.moved)} ${plan.keep ? 'copied' : 'moved'}`]
    if (done.same > 0) told.push(`${count(done.same)} were there already`)
    if (done.differs > 0) told.push(`${count(done.differs)} left, as others have their ids there`)
    if (done.failed > 0) told.push(`${count(done.failed)} failed`)
    await out.line(told.join(', '))
    return done.differs + done.failed === 0 ? EXIT.ok : EXIT.problem
  },
})

async function moveAll(
  { given, io, note, progress }: Task,
  plan: Parameters<typeof mover>[0],
): Promise<Record<Outcome | 'failed', number>> {
  const limit = integerOf(given, 'limit', 0)
  const bar = await progress('migrate', () => limit ?? expectedOf(plan.source, false))
  const done = { moved: 0, same: 0, differs: 0, gone: 0, failed: 0 }
  const walk = { signal: io.signal, batch: integerOf(given, 'batch', 1), limit }
  const move = mover(plan)
  await eachSession(listOf(plan.source, false), walk, async (info) => {
    try {
      done[await move(info)] += 1
    } catch (error) {
      done.failed += 1
      note(`${named(info.id)}  ${reasonOf(error)}`)
    }
    bar.step()
  })
  bar.end()
  return done
}
