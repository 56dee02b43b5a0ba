<?php
// 微信接口，含 access_token 的缓存。 WeChat's API, with an access token that is kept until it ends.
declare(strict_types=1);

final class WeChat
{
    public function __construct(
        private string $appId,
        private string $appSecret,
        private string $base,
        private string $folder,
    ) {
    }

    public function reply(string $openId, string $content): void
    {
        $message = ['touser' => $openId, 'msgtype' => 'text', 'text' => ['content' => $content]];
        $path = '/cgi-bin/message/custom/send?access_token=';
        $answer = $this->post($path . $this->accessToken(), $message);
        if (in_array($answer['errcode'] ?? 0, [40001, 40014, 42001], true)) { // the token has ended: nothing was sent
            $answer = $this->post($path . $this->accessToken(renew: true), $message);
        }
        if (($answer['errcode'] ?? 0) !== 0) {
            throw new RuntimeException("WeChat answered {$answer['errcode']}");
        }
    }

    /** Kept in a file that only this user can read: each request is a process of its own. */
    private function accessToken(bool $renew = false): string
    {
        $file = fopen("$this->folder/access-token.json", 'c+');
        chmod("$this->folder/access-token.json", 0600);
        flock($file, LOCK_EX); // one asks, the others wait for it
        $kept = json_decode((string) stream_get_contents($file), true);
        if ($renew || $kept === null || $kept['until'] < time()) {
            $asked = ['grant_type' => 'client_credential', 'appid' => $this->appId, 'secret' => $this->appSecret];
            $answer = $this->post('/cgi-bin/stable_token', $asked + ['force_refresh' => $renew]);
            if (!isset($answer['access_token'])) {
                throw new RuntimeException('no access token: WeChat answered ' . ($answer['errcode'] ?? 'nothing'));
            }
            $kept = ['token' => $answer['access_token'], 'until' => time() + $answer['expires_in'] - 300];
            ftruncate($file, 0);
            rewind($file);
            fwrite($file, json_encode($kept));
        }
        fclose($file);
        return $kept['token'];
    }

    private function post(string $path, array $value): array
    {
        $options = [
            'method' => 'POST',
            'header' => 'Content-Type: application/json',
            'content' => json_encode($value, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR),
            'timeout' => 10,
            'ignore_errors' => true,
        ];
        // Silenced, for PHP's own warning would hold the address, and that the access token.
        $text = @file_get_contents($this->base . $path, false, stream_context_create(['http' => $options]));
        $answer = json_decode((string) $text, true);
        return is_array($answer) ? $answer : throw new RuntimeException('WeChat gave no answer');
    }
}
