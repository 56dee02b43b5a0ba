<?php
// The backend against the emulated WeChat: KEFU_EMULATOR=http://127.0.0.1:3001 php test.php
declare(strict_types=1);

$emulator = getenv('KEFU_EMULATOR') ?: 'http://127.0.0.1:3001';
$failed = 0;
foreach (['secure', 'plain'] as $mode) {
    $shop = new Shop($emulator, $mode);
    try {
        $shop->test('the URL is verified', function () use ($shop) {
            same(['ok' => true, 'status' => 200, 'problem' => null], $shop->control('POST', '/verify'));
        });
        $shop->test('a text is answered at once and replied to', function () use ($shop) {
            same('success', $shop->says('o-text', '你好 😀 <&>')['answer']);
            same(['您说：你好 😀 <&>'], $shop->receives('o-text'));
        });
        $shop->test('who asks for a person is transferred', function () use ($shop) {
            same('transfer', $shop->says('o-person', '转人工')['answer']);
        });
        $shop->test('a token that has ended is renewed', function () use ($shop) {
            $shop->failsNext(['path' => '/cgi-bin/message/custom/send', 'errcode' => 42001, 'openId' => 'o-token']);
            $shop->says('o-token', '在吗');
            same(['您说：在吗'], $shop->receives('o-token'));
        });
        $shop->test('a push that comes twice is replied to once', function () use ($shop) {
            $shop->failsNext(['push' => 'duplicate', 'openId' => 'o-twice']);
            same(2, count($shop->says('o-twice', '一')['attempts']));
            same(['您说：一'], $shop->receives('o-twice'));
            $shop->says('o-twice', '二');
            same(['您说：一', '您说：二'], $shop->receives('o-twice', 2));
        });
        $shop->test('a stranger is refused', function () use ($shop) {
            same(403, status('POST', $shop->pushUrl, '{"MsgType":"text"}'));
            same(403, status('POST', "$shop->pushUrl?signature=0&timestamp=0&nonce=0", '{"MsgType":"text"}'));
        });
    } finally {
        $shop->close();
    }
}
exit($failed === 0 ? 0 : 1);

/** A world of the emulator with one Mini Program, and the backend that it pushes to. */
final class Shop
{
    public readonly string $pushUrl;
    private string $world;
    private string $name;
    private string $app;
    private string $folder;
    private $process;

    public function __construct(private string $emulator, private string $mode)
    {
        // A world of its own: other tests may use the same emulator at the same time.
        $this->name = 'php-' . bin2hex(random_bytes(4));
        $this->world = "$emulator/w/$this->name";
        $this->folder = sys_get_temp_dir() . "/$this->name";
        $app = [
            'appId' => 'wx' . bin2hex(random_bytes(8)),
            'appSecret' => bin2hex(random_bytes(16)),
            'token' => bin2hex(random_bytes(8)),
        ];
        $key = $mode === 'secure' ? ['encodingAESKey' => substr(bin2hex(random_bytes(22)), 0, 43)] : [];
        $port = $this->start($app, $key['encodingAESKey'] ?? '');
        $this->pushUrl = "http://127.0.0.1:$port/wechat";
        $this->app = "$this->world/_emulator/apps/{$app['appId']}";
        call('POST', "$this->world/_emulator/apps", $app + $key + ['mode' => $mode, 'pushUrl' => $this->pushUrl]);
    }

    /** Starts the backend at any free port, and gives the port when it listens. */
    private function start(array $app, string $key): string
    {
        $env = getenv() + [];
        $env['WECHAT_APP_ID'] = $app['appId'];
        $env['WECHAT_APP_SECRET'] = $app['appSecret'];
        $env['WECHAT_TOKEN'] = $app['token'];
        $env['WECHAT_ENCODING_AES_KEY'] = $key;
        $env['WECHAT_API_URL'] = $this->world;
        $env['STATE_DIR'] = $this->folder;
        $command = [PHP_BINARY, '-S', '127.0.0.1:0', __DIR__ . '/backend.php'];
        $this->process = proc_open($command, [2 => ['pipe', 'w']], $pipes, null, $env);
        $said = '';
        while (($line = fgets($pipes[2])) !== false) {
            $said .= $line;
            if (preg_match('#http://127\.0\.0\.1:(\d+)#', $line, $found) === 1) {
                return $found[1];
            }
        }
        throw new RuntimeException("the backend did not start: $said");
    }

    public function test(string $title, callable $body): void
    {
        global $failed;
        try {
            $body();
            echo "ok   $this->mode: $title\n";
        } catch (Throwable $error) {
            $failed++;
            echo "FAIL $this->mode: $title\n     {$error->getMessage()}\n";
        }
    }

    public function control(string $method, string $path, ?array $value = null): ?array
    {
        return call($method, $this->app . $path, $value);
    }

    /** The delivery, when it was answered or has failed. */
    public function says(string $openId, string $content): array
    {
        return $this->control('POST', "/users/$openId/messages", ['msgType' => 'text', 'content' => $content]);
    }

    /** The service's texts on the phone, as soon as there are as many. */
    public function receives(string $openId, int $count = 1): array
    {
        [$texts, $after] = [[], 0];
        while (count($texts) < $count) {
            $items = $this->control('GET', "/users/$openId/messages?after=$after&wait=10000")['items'];
            $items !== [] || throw new RuntimeException('nothing came for 10 s');
            foreach ($items as $item) {
                $after = $item['sequence'];
                $item['from'] !== 'service' || $texts[] = $item['content']['content'];
            }
        }
        return $texts;
    }

    public function failsNext(array $fault): void
    {
        call('POST', "$this->world/_emulator/faults", $fault);
    }

    public function close(): void
    {
        proc_terminate($this->process);
        proc_close($this->process);
        status('DELETE', "$this->emulator/_emulator/worlds/$this->name");
        array_map('unlink', [...glob("$this->folder/seen/*"), ...glob("$this->folder/*.json")]);
        rmdir("$this->folder/seen");
        rmdir($this->folder);
    }
}

function same(mixed $expected, mixed $actual): void
{
    $text = fn (mixed $value): string => json_encode($value, JSON_UNESCAPED_UNICODE);
    $expected === $actual || throw new RuntimeException("expected {$text($expected)}, got {$text($actual)}");
}

function call(string $method, string $url, ?array $value = null): ?array
{
    return json_decode(request($method, $url, $value === null ? null : json_encode($value))[1], true);
}

function status(string $method, string $url, ?string $body = null): int
{
    return request($method, $url, $body)[0];
}

function request(string $method, string $url, ?string $body): array
{
    $options = ['method' => $method, 'header' => 'Content-Type: application/json', 'ignore_errors' => true];
    $options += ['timeout' => 30] + ($body === null ? [] : ['content' => $body]);
    $text = file_get_contents($url, false, stream_context_create(['http' => $options]));
    preg_match('/ (\d{3})/', $http_response_header[0], $found);
    return [(int) $found[1], $text];
}
