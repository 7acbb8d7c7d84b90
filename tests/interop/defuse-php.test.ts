/** PHP with Sessionz' encryption and Node with `defuseCipher`, over one folder of sessions. */
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { defuseCipher, encryptionHandler } from '../../src/handlers/encryption.js'
import { filesHandler } from '../../src/handlers/files.js'
import { createSessionManager } from '../../src/manager.js'
import { defuseKey } from '../helpers/defuse.js'
import { temporaryFolder } from '../helpers/folders.js'
import { describeWith } from '../helpers/services.js'

const SCRIPT = fileURLToPath(new URL('../helpers/defuse-session.php', import.meta.url))
const ID = 'abcdefghijklmnopqrstuvwxyz012345'

function setUp(key = defuseKey()) {
  const folder = temporaryFolder()
  const path = join(folder, `sess_${ID}`)
  const manager = createSessionManager({
    handlers: [
      encryptionHandler({ cipher: defuseCipher(key) }),
      filesHandler({ savePath: folder, lock: 'process' }),
    ],
  })
  return {
    path,
    manager,
    stored: () => readFileSync(path, 'latin1'),
    php: (code: string) =>
      execFileSync('php', ['-n', SCRIPT, folder, ID, key, code], {
        encoding: 'utf8',
        stdio: 'pipe',
      }),
  }
}

describeWith('php', 'a session that PHP sealed', () => {
  it('is read, changed and written by Node, and read again by PHP', async () => {
    const { php, manager, stored } = setUp()
    php(`$_SESSION['user'] = "Zo\u00eb"; $_SESSION['cart'] = [7 => 2, 'price' => 9.0];`)
    const before = stored()
    const session = await manager.start({ id: ID })

    expect(before).toMatch(/^def50200[0-9a-f]+$/)
    expect(session.id).toBe(ID)
    expect(session.get('user')).toBe('Zo\u00eb')
    session.set('n', 41)
    await session.commit()

    expect(stored()).toMatch(/^def50200[0-9a-f]+$/)
    expect(php('$_SESSION["n"]++; echo json_encode($_SESSION, JSON_PRESERVE_ZERO_FRACTION);')).toBe(
      '{"user":"Zo\\u00eb","cart":{"7":2,"price":9.0},"n":42}',
    )
    expect((await manager.start({ id: ID }, { readOnly: true })).get('n')).toBe(42)
    await manager.close()
  })

  it('stays byte for byte when Node only touches it', async () => {
    const { php, manager, stored } = setUp()
    php('$_SESSION["n"] = 1;')
    const before = stored()
    const session = await manager.start({ id: ID })
    await session.commit()

    expect(stored()).toBe(before)
    await manager.close()
  })

  it.each(['', '0'])(
    'is no session of Node where PHP left it in plain text: %j; it stays as it is',
    async (text) => {
      const { manager, path, stored } = setUp()
      writeFileSync(path, text, { mode: 0o600 })
      const session = await manager.start({ id: ID })

      expect(session.data).toEqual({})
      session.set('n', 1)
      await session.commit()
      expect(session.id).not.toBe(ID)
      expect(stored()).toBe(text)
      expect(statSync(path).mode & 0o777).toBe(0o600)
      await manager.close()
    },
  )

  it('is not opened by another key, on either side', async () => {
    const php = setUp()
    php.php('$_SESSION["n"] = 1;')
    const node = setUp()
    writeFileSync(node.path, php.stored(), { mode: 0o600 })
    const session = await node.manager.start({ id: ID })

    expect(session.data).toEqual({})
    expect(session.id).not.toBe(ID)
    expect(() => node.php('')).toThrow()
    await Promise.all([php.manager.close(), node.manager.close()])
  })
})
