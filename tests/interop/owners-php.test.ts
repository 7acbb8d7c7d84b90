/** Sessions of a user that PHP made, changed or moved, ended with all others: THREATS T25. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { redisHandler } from '../../src/handlers/redis.js'
import { createSessionManager, type SessionManager } from '../../src/manager.js'
import type { Daemon } from '../helpers/daemon.js'
import { ioRedisClient, type TestClient } from '../helpers/redis-clients.js'
import { phpredis, runPhpredis } from '../helpers/redis-php.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith } from '../helpers/services.js'

const USERS = 100
const SESSIONS = 1000

describeWith('redis-server', 'sessions of a user in Redis', () => {
  describeWith('php-redis', 'that PHP works on', () => {
    let daemon: Daemon
    let open: TestClient
    let manager: SessionManager

    beforeAll(async () => {
      daemon = await startRedis()
      open = await ioRedisClient(daemon.port)
      manager = createSessionManager({
        handlers: [redisHandler({ client: open.client })],
        serializer: 'php',
        owners: true,
        gc: { probability: 0 },
      })
    })
    afterAll(async () => {
      await manager.close()
      await open.end()
      await daemon.stop()
    })

    const php = (id: string, code: string) => runPhpredis(id, code, phpredis(daemon.port))
    /** The lines of docs/reference/redis-handler.md. */
    const entering = `$redis = new Redis(); $redis->connect('127.0.0.1', PORT);
      $enter = function (string $user) use ($redis) {
        $redis->zAdd("PHPREDIS_SESSION:_OWNER:$user", (time() + 1440) * 1000, session_id());
        $redis->expire("PHPREDIS_SESSION:_OWNER:$user", 1440 + 86400);
      };`
    const withRedis = () => entering.replace('PORT', String(daemon.port))

    async function login(owner: string): Promise<string> {
      const session = await manager.start()
      session.set('user', owner)
      session.owner = owner
      await session.commit()
      return session.id
    }
    async function idsOf(owner: string): Promise<string[]> {
      const ids: string[] = []
      for await (const { id } of manager.listByOwner(owner)) ids.push(id)
      return ids.sort()
    }
    const found = (id: string) =>
      php(id, 'session_start(); echo isset($_SESSION["user"]) ? "there" : "none";')

    it('stay hers when PHP changes them, and end for PHP', async () => {
      const id = await login('ann')
      await php(id, 'session_start(); $_SESSION["cart"] = [7 => 2];')
      expect((await manager.start({ id }, { readOnly: true })).owner).toBe('ann')
      expect(await idsOf('ann')).toEqual([id])

      expect(await manager.destroyByOwner('ann')).toBe(1)
      expect(await found(id)).toBe('none')
    })

    it('that PHP gave another id are found from the next request to Node on', async () => {
      const old = await login('bob')
      const id = await php(old, 'session_start(); session_regenerate_id(true); echo session_id();')
      expect(id).not.toBe(old)
      expect(await idsOf('bob')).toEqual([])

      const session = await manager.start({ id })
      expect([session.owner, session.get('user')]).toEqual(['bob', 'bob'])
      await session.commit()
      expect(await idsOf('bob')).toEqual([id])

      expect(await manager.destroyByOwner('bob')).toBe(1)
      expect(await found(id)).toBe('none')
    })

    it('that PHP ended are passed over', async () => {
      const [ended, kept] = [await login('cas'), await login('cas')]
      await php(ended, 'session_start(); session_destroy();')

      expect(await idsOf('cas')).toEqual([kept])
      expect(await manager.destroyByOwner('cas')).toBe(1)
    })

    it('whose variables PHP has thrown away know no owner, and end with the others', async () => {
      const id = await login('dan')
      await php(id, 'session_start(); $_SESSION = ["user" => "dan"];')
      expect((await manager.start({ id }, { readOnly: true })).owner).toBeUndefined()

      expect(await manager.destroyByOwner('dan')).toBe(1)
      expect(await found(id)).toBe('none')
    })

    it('that PHP made are found once Node has said whose they are by a variable of PHP', async () => {
      const id = 'e'.repeat(32)
      await php(
        id,
        '$_SESSION = []; session_start(["use_strict_mode" => 0]); $_SESSION["user"] = "eve";',
      )
      expect(await idsOf('eve')).toEqual([])
      const session = await manager.start({ id })
      session.owner = session.get('user') as string
      await session.commit()

      expect(await idsOf('eve')).toEqual([id])
      expect(await manager.destroyByOwner('eve')).toBe(1)
    })

    it(`that PHP made and entered end exactly: ${SESSIONS} of ${USERS} users`, async () => {
      const made = await php(
        'x',
        `${withRedis()} $ids = [];
        for ($n = 0; $n < ${SESSIONS}; $n++) {
          session_id(bin2hex(random_bytes(16)));
          session_start(['use_strict_mode' => 0]);
          $user = 'u' . $n % ${USERS};
          $_SESSION['user'] = $user;
          $enter($user);
          $ids[$user][] = session_id();
          session_write_close();
        }
        echo json_encode($ids);`,
      )
      const users = JSON.parse(made) as Record<string, string[]>
      const ending = ['u0', 'u7', 'u99']
      for (const user of ending) {
        expect(await idsOf(user)).toEqual(users[user]?.sort())
        expect(await manager.destroyByOwner(user)).toBe(SESSIONS / USERS)
      }

      for (const [user, ids] of Object.entries(users)) {
        expect(await idsOf(user)).toEqual(ending.includes(user) ? [] : ids.sort())
      }
      expect(await found(users['u7']?.[0] ?? '')).toBe('none')
      expect(await found(users['u8']?.[0] ?? '')).toBe('there')
    }, 60_000)
  })
})
