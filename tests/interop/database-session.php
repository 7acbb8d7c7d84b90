<?php
/**
 * PHP's side of a table of sessions: what WP Session Manager, Symfony and Laravel send to a database.
 *
 * Arguments: settings as JSON (software, dsn, user, table, id, key, lock), then code to run. The code
 * calls request(fn) for each request; in it $_SESSION holds the data. `wait()` says "ready" and goes
 * on with the next line of the input.
 */
[, $json, $code] = $argv;
$settings = json_decode($json, true, 8, JSON_THROW_ON_ERROR);
require __DIR__ . '/../helpers/defuse-cipher.php';

function wait(): void
{
    echo "ready\n";
    fgets(STDIN);
}

/** The software that is spoken for: a handler of PHP's own sessions. */
abstract class Table implements SessionHandlerInterface, SessionUpdateTimestampHandlerInterface
{
    protected PDO $pdo;
    protected string $driver;

    public function __construct(protected array $settings)
    {
        $options = [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_TIMEOUT => 20];
        $this->pdo = new PDO($settings['dsn'], $settings['user'] ?? null, null, $options);
        $this->driver = $this->pdo->getAttribute(PDO::ATTR_DRIVER_NAME);
    }

    protected function run(string $sql, array $values = []): PDOStatement
    {
        $statement = $this->pdo->prepare(strtr($sql, ['{t}' => $this->settings['table']]));
        foreach ($values as $name => $value) {
            $type = is_int($value) ? PDO::PARAM_INT
                : ($name === 'data' && $this->isBinary() ? PDO::PARAM_LOB : PDO::PARAM_STR);
            $statement->bindValue(":$name", $value, $type);
        }
        $statement->execute();
        return $statement;
    }

    protected function isBinary(): bool
    {
        return false;
    }

    protected function lifetime(): int
    {
        return (int) ini_get('session.gc_maxlifetime');
    }

    public function open(string $path, string $name): bool
    {
        return true;
    }

    public function close(): bool
    {
        return true;
    }

    public function gc(int $max_lifetime): int|false
    {
        return 0;
    }

    public function validateId(string $id): bool
    {
        return true;
    }
}

/** WP Session Manager: REPLACE, no look at the end, and the lock that Node takes, as it has none. */
final class WordPress extends Table
{
    private ?Defuse $cipher;

    public function __construct(array $settings)
    {
        parent::__construct($settings);
        $this->cipher = isset($settings['key']) ? new Defuse($settings['key']) : null;
    }

    private static function key(string $id): string
    {
        return preg_replace('/[^A-Za-z0-9_]/', '', $id);
    }

    private const NAME = "SHA2(CONCAT(DATABASE(), '.', '{t}', '.', :key), 256)";

    public function read(string $id): string|false
    {
        $key = self::key($id);
        $locked = $this->run('SELECT GET_LOCK(' . self::NAME . ', 20)', ['key' => $key]);
        if ((int) $locked->fetchColumn() !== 1) {
            return false;
        }
        $value = $this->run('SELECT session_value FROM {t} WHERE session_key = :key', ['key' => $key])
            ->fetchColumn();
        if ($value === false || $value === '') {
            return '';
        }
        return $this->cipher === null ? $value : $this->cipher->decrypt($value);
    }

    public function write(string $id, string $data): bool
    {
        if ($data === '') {
            return $this->destroy($id);
        }
        $values = [
            'key' => self::key($id),
            'value' => $this->cipher === null ? $data : $this->cipher->encrypt($data),
            'expiry' => time() + $this->lifetime(),
        ];
        $this->run('REPLACE INTO {t} (session_key, session_value, session_expiry)'
            . ' VALUES (:key, :value, :expiry)', $values);
        return true;
    }

    public function updateTimestamp(string $id, string $data): bool
    {
        return $this->write($id, $data);
    }

    public function destroy(string $id): bool
    {
        $this->run('DELETE FROM {t} WHERE session_key = :key', ['key' => self::key($id)]);
        return true;
    }

    public function close(): bool
    {
        $this->run('DO RELEASE_LOCK(' . self::NAME . ')', ['key' => self::key(session_id())]);
        return true;
    }
}

/** Symfony's PdoSessionHandler: no lock, an advisory one, or a transaction with the row's (default). */
final class Symfony extends Table
{
    private const NONE = 0;
    private const ADVISORY = 1;

    private bool $inTransaction = false;
    private array $unlock = [];

    private function mode(): int
    {
        return $this->settings['lock'] ?? 2;
    }

    protected function isBinary(): bool
    {
        return true;
    }

    private function begin(): void
    {
        if ($this->driver === 'sqlite') {
            $this->pdo->exec('BEGIN IMMEDIATE TRANSACTION');
        } else {
            if ($this->driver === 'mysql') {
                $this->pdo->exec('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
            }
            $this->pdo->beginTransaction();
        }
        $this->inTransaction = true;
    }

    private function end(string $how): void
    {
        if ($this->inTransaction) {
            if ($this->driver === 'sqlite') {
                $this->pdo->exec($how);
            } else {
                $how === 'COMMIT' ? $this->pdo->commit() : $this->pdo->rollBack();
            }
        }
        $this->inTransaction = false;
    }

    private function advise(string $id): void
    {
        if ($this->driver === 'mysql') {
            $name = substr($id, 0, 64);
            $this->run('SELECT GET_LOCK(:name, 50)', ['name' => $name])->fetchColumn();
            $this->unlock = ['DO RELEASE_LOCK(:name)', ['name' => $name]];
        } elseif ($this->driver === 'pgsql') {
            $key = unpack('P', substr($id, 0, 8))[1];
            $this->run('SELECT pg_advisory_lock(:key)', ['key' => $key]);
            $this->unlock = ['SELECT pg_advisory_unlock(:key)', ['key' => $key]];
        }
    }

    private function find(string $id): array|false
    {
        $lock = $this->mode() === 2 && $this->driver !== 'sqlite' ? ' FOR UPDATE' : '';
        $row = $this->run('SELECT sess_data, sess_lifetime FROM {t} WHERE sess_id = :id' . $lock, ['id' => $id])
            ->fetch(PDO::FETCH_NUM);
        if ($row !== false && is_resource($row[0])) {
            $row[0] = stream_get_contents($row[0]);
        }
        return $row;
    }

    public function read(string $id): string|false
    {
        if ($this->mode() === self::ADVISORY) {
            $this->advise($id);
        } elseif ($this->mode() !== self::NONE) {
            $this->begin();
        }
        while (true) {
            $row = $this->find($id);
            if ($row !== false) {
                return $row[1] < time() ? '' : $row[0];
            }
            if ($this->mode() !== 2 || $this->driver === 'sqlite') {
                return '';
            }
            try {
                $this->run('INSERT INTO {t} (sess_id, sess_data, sess_lifetime, sess_time)'
                    . ' VALUES (:id, :data, :expiry, :time)',
                    ['id' => $id, 'data' => '', 'expiry' => 0, 'time' => time()]);
                return '';
            } catch (PDOException $e) {
                if (!str_starts_with((string) $e->getCode(), '23')) {
                    throw $e;
                }
                $this->end('ROLLBACK');
                $this->begin();
            }
        }
    }

    public function write(string $id, string $data): bool
    {
        if ($data === '') {
            return $this->destroy($id);
        }
        $this->run('INSERT INTO {t} (sess_id, sess_data, sess_lifetime, sess_time)'
            . ' VALUES (:id, :data, :expiry, :time)' . [
                'mysql' => ' ON DUPLICATE KEY UPDATE sess_data = VALUES(sess_data),'
                    . ' sess_lifetime = VALUES(sess_lifetime), sess_time = VALUES(sess_time)',
                'pgsql' => ' ON CONFLICT (sess_id) DO UPDATE SET (sess_data, sess_lifetime, sess_time)'
                    . ' = (EXCLUDED.sess_data, EXCLUDED.sess_lifetime, EXCLUDED.sess_time)',
                'sqlite' => ' ON CONFLICT (sess_id) DO UPDATE SET sess_data = excluded.sess_data,'
                    . ' sess_lifetime = excluded.sess_lifetime, sess_time = excluded.sess_time',
            ][$this->driver],
            ['id' => $id, 'data' => $data, 'expiry' => time() + $this->lifetime(), 'time' => time()]);
        return true;
    }

    public function updateTimestamp(string $id, string $data): bool
    {
        $this->run('UPDATE {t} SET sess_lifetime = :expiry, sess_time = :time WHERE sess_id = :id',
            ['expiry' => time() + $this->lifetime(), 'time' => time(), 'id' => $id]);
        return true;
    }

    public function destroy(string $id): bool
    {
        $this->run('DELETE FROM {t} WHERE sess_id = :id', ['id' => $id]);
        return true;
    }

    public function close(): bool
    {
        $this->end('COMMIT');
        if ($this->unlock !== []) {
            $this->run(...$this->unlock);
        }
        $this->unlock = [];
        return true;
    }
}

/** Laravel's DatabaseSessionHandler: base64, and beside the payload who the visitor is. */
final class Laravel extends Table
{
    private bool $exists = false;

    public function read(string $id): string|false
    {
        $row = $this->run('SELECT payload, last_activity FROM {t} WHERE id = :id', ['id' => $id])
            ->fetch(PDO::FETCH_ASSOC);
        $this->exists = $row !== false;
        if ($row === false || $row['last_activity'] < time() - $this->lifetime()) {
            return '';
        }
        return base64_decode($row['payload']);
    }

    public function write(string $id, string $data): bool
    {
        $values = [
            'payload' => base64_encode($data),
            'activity' => time(),
            'user' => 7,
            'address' => '192.0.2.1',
            'agent' => 'Mozilla/5.0',
            'id' => $id,
        ];
        $set = 'payload = :payload, last_activity = :activity, user_id = :user,'
            . ' ip_address = :address, user_agent = :agent';
        if ($this->exists) {
            $this->run("UPDATE {t} SET $set WHERE id = :id", $values);
        } else {
            $this->run('INSERT INTO {t} (payload, last_activity, user_id, ip_address, user_agent, id)'
                . ' VALUES (:payload, :activity, :user, :address, :agent, :id)', $values);
        }
        return true;
    }

    public function updateTimestamp(string $id, string $data): bool
    {
        return $this->write($id, $data);
    }

    public function destroy(string $id): bool
    {
        $this->run('DELETE FROM {t} WHERE id = :id', ['id' => $id]);
        return true;
    }
}

foreach (['use_cookies' => '0', 'cache_limiter' => '', 'use_strict_mode' => '0', 'gc_probability' => '0'] as $name => $value) {
    ini_set("session.$name", $value);
}
if ($settings['software'] === 'Laravel') {
    ini_set('session.serialize_handler', 'php_serialize');
}
session_set_save_handler(new $settings['software']($settings), false);

function request(callable $work): void
{
    session_id($GLOBALS['settings']['id']);
    if (!session_start()) {
        exit("no session\n");
    }
    $work();
    session_write_close();
}

eval($code);
