<?php
/**
 * One PHP request with PHP Sessionz' encryption: its session data in Defuse's format, by PHP's own
 * functions. Arguments: folder, id, key as text, code to run between start and close.
 *
 * The chain is Sessionz' as far as bytes go: EncryptionHandler above a store of files, an empty
 * session and the text "0" in plain text.
 */
[, $folder, $id, $key, $code] = $argv;

require __DIR__ . '/defuse-cipher.php';

final class SealedFiles extends SessionHandler
{
    public function __construct(private Defuse $cipher)
    {
    }

    public function read(string $id): string|false
    {
        $stored = parent::read($id);
        return empty($stored) ? $stored : $this->cipher->decrypt($stored);
    }

    public function write(string $id, string $data): bool
    {
        return parent::write($id, empty($data) ? $data : $this->cipher->encrypt($data));
    }
}

ini_set('session.save_path', $folder);
ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');
ini_set('session.use_strict_mode', '0');
session_set_save_handler(new SealedFiles(new Defuse($key)), true);
session_id($id);
session_start();
eval($code);
session_write_close();
