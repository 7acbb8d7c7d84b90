<?php
/**
 * One PHP request with PHP Sessionz' encryption: its session data in Defuse's format, by PHP's own
 * functions. Arguments: folder, id, key as text, code to run between start and close.
 *
 * The chain is Sessionz' as far as bytes go: EncryptionHandler above a store of files, an empty
 * session and the text "0" in plain text.
 */
[, $folder, $id, $key, $code] = $argv;

final class Defuse
{
    private const VERSION = "\xDE\xF5\x02\x00";

    private string $secret;

    public function __construct(string $text)
    {
        $bytes = hex2bin($text);
        $checked = substr($bytes, 0, 36);
        if (!hash_equals(hash('sha256', $checked, true), substr($bytes, 36))) {
            throw new RuntimeException('bad key');
        }
        $this->secret = substr($checked, 4);
    }

    public function encrypt(string $plain): string
    {
        [$salt, $iv] = [random_bytes(32), random_bytes(16)];
        $body = openssl_encrypt(
            $plain, 'aes-256-ctr', $this->derive('Encryption', $salt), OPENSSL_RAW_DATA, $iv);
        $message = self::VERSION . $salt . $iv . $body;
        $mac = hash_hmac('sha256', $message, $this->derive('Authentication', $salt), true);
        return bin2hex($message . $mac);
    }

    public function decrypt(string $text): string
    {
        $bytes = hex2bin($text);
        if ($bytes === false || strlen($bytes) < 84 || substr($bytes, 0, 4) !== self::VERSION) {
            throw new RuntimeException('bad message');
        }
        $message = substr($bytes, 0, -32);
        $salt = substr($bytes, 4, 32);
        $mac = hash_hmac('sha256', $message, $this->derive('Authentication', $salt), true);
        if (!hash_equals($mac, substr($bytes, -32))) {
            throw new RuntimeException('bad message');
        }
        return openssl_decrypt(
            substr($message, 52), 'aes-256-ctr', $this->derive('Encryption', $salt),
            OPENSSL_RAW_DATA, substr($message, 36, 16));
    }

    private function derive(string $use, string $salt): string
    {
        return hash_hkdf('sha256', $this->secret, 32, "DefusePHP|V2|KeyFor$use", $salt);
    }
}

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
