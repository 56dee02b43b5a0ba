<?php
// 推送：核对签名，解密，读取；应答的加密。 Pushes: verified, decrypted, read; and answers, encrypted.
declare(strict_types=1);

const MAX_AGE_SECONDS = 600;

/** The push is not shown to be WeChat's. */
class Refused extends RuntimeException
{
}

/** From a request to a push that is WeChat's. */
final class Pushes
{
    private ?string $key;

    public function __construct(private string $appId, private string $token, ?string $aesKey = null)
    {
        $this->key = $aesKey ? base64_decode($aesKey . '=') : null;
    }

    /** Throws Refused unless the query is signed with our token, just now. */
    public function verify(array $query, string $name = 'signature', string ...$more): void
    {
        [$timestamp, $nonce, $given] = array_map(
            fn ($key) => is_string($query[$key] ?? null) ? $query[$key] : '',
            ['timestamp', 'nonce', $name],
        );
        if (!hash_equals($this->sign($timestamp, $nonce, ...$more), $given)) {
            throw new Refused('the signature is wrong');
        }
        if (abs(time() - (int) $timestamp) > MAX_AGE_SECONDS) {
            throw new Refused('the timestamp is old');
        }
    }

    /** The push's fields. Throws Refused, or JsonException for what WeChat sent and we can't read. */
    public function read(string $body, array $query): array
    {
        if ($this->key === null) {
            $this->verify($query);
            return readJson($body);
        }
        // In secure mode msg_signature alone covers what was sent.
        $encrypted = json_decode($body, true)['Encrypt'] ?? null;
        if (!is_string($encrypted)) {
            throw new Refused('not an encrypted push');
        }
        $this->verify($query, 'msg_signature', $encrypted);
        return readJson($this->decrypt($encrypted));
    }

    /** The body of an answer: in secure mode encrypted and signed, as pushes are. */
    public function write(array $fields): string
    {
        $text = json_encode($fields, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
        if ($this->key === null) {
            return $text;
        }
        $plain = random_bytes(16) . pack('N', strlen($text)) . $text . $this->appId;
        $padding = 32 - strlen($plain) % 32;
        $sealed = base64_encode(openssl_encrypt($plain . str_repeat(chr($padding), $padding), ...$this->cipher()));
        [$timestamp, $nonce] = [(string) time(), bin2hex(random_bytes(8))];
        return json_encode([
            'Encrypt' => $sealed,
            'MsgSignature' => $this->sign($timestamp, $nonce, $sealed),
            'TimeStamp' => (int) $timestamp,
            'Nonce' => $nonce,
        ]);
    }

    /** random(16) + length(4) + message + AppID, padded to 32 bytes. */
    private function decrypt(string $encrypted): string
    {
        $plain = openssl_decrypt(base64_decode($encrypted), ...$this->cipher());
        if ($plain === false || strlen($plain) < 32) {
            throw new Refused('the AES key is another');
        }
        $plain = substr($plain, 0, -ord($plain[-1]));
        $end = 20 + unpack('N', $plain, 16)[1];
        if (substr($plain, $end) !== $this->appId) {
            throw new Refused('encrypted for another AppID');
        }
        return substr($plain, 20, $end - 20);
    }

    /** What both directions give openssl: the padding is 32 bytes wide, so it is put on and taken off by hand. */
    private function cipher(): array
    {
        return ['aes-256-cbc', $this->key, OPENSSL_RAW_DATA | OPENSSL_ZERO_PADDING, substr($this->key, 0, 16)];
    }

    private function sign(string ...$parts): string
    {
        $all = [$this->token, ...$parts];
        sort($all, SORT_STRING);
        return sha1(implode($all));
    }
}

/** WeChat may leave control characters in a text as they are, which JSON does not allow. */
function readJson(string $text): array
{
    $escaped = preg_replace_callback(
        '/"[^"\\\\]*+(?:\\\\.[^"\\\\]*+)*+"/s',
        fn ($string) => preg_replace_callback('/[\x00-\x1f]/', fn ($c) => sprintf('\u%04x', ord($c[0])), $string[0]),
        $text,
    );
    // A MsgId is larger than a floating point number can tell apart.
    $flags = JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING | JSON_INVALID_UTF8_SUBSTITUTE;
    $push = json_decode((string) $escaped, true, 16, $flags);
    return is_array($push) ? $push : throw new JsonException('not a push');
}
