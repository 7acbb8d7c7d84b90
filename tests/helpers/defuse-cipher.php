<?php
/** Defuse's format by PHP's own functions, as defuse/php-encryption makes it with a key. */
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
