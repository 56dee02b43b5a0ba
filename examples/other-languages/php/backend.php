<?php
// 小程序客服后端：收推送，立即应答，通过接口回复，转人工。 PHP 8.1+，需要 openssl。
// A customer-service backend: takes WeChat's pushes, answers at once, replies through the API, transfers to people.
//
//   php -S 127.0.0.1:8080 backend.php
declare(strict_types=1);

require __DIR__ . '/pushes.php';
require __DIR__ . '/wechat.php';

// What goes wrong must not stand in an answer.
ini_set('display_errors', '0');

$env = fn (string $name, ?string $otherwise = null): string
    => getenv($name) ?: $otherwise ?? throw new RuntimeException("$name is not set");

$folder = $env('STATE_DIR', sys_get_temp_dir() . '/customer-service-' . $env('WECHAT_APP_ID'));
is_dir("$folder/seen") || mkdir("$folder/seen", 0700, true) || is_dir("$folder/seen") || exit(1);
$pushes = new Pushes($env('WECHAT_APP_ID'), $env('WECHAT_TOKEN'), getenv('WECHAT_ENCODING_AES_KEY') ?: null);
$base = $env('WECHAT_API_URL', 'https://api.weixin.qq.com');
$wechat = new WeChat($env('WECHAT_APP_ID'), $env('WECHAT_APP_SECRET'), $base, $folder);

try {
    if ($_SERVER['REQUEST_METHOD'] === 'GET') {
        $pushes->verify($_GET);
        answer(is_string($_GET['echostr'] ?? null) ? $_GET['echostr'] : '');
    } else {
        takePush((string) file_get_contents('php://input'), $_GET);
    }
} catch (Refused) {
    http_response_code(403);
    answer('refused');
}

function takePush(string $body, array $query): void
{
    global $pushes, $wechat, $folder;
    try {
        $push = $pushes->read($body, $query);
        $names = ['ToUserName' => $push['FromUserName'] ?? null, 'FromUserName' => $push['ToUserName'] ?? null];
    } catch (JsonException) {
        // It is WeChat's, so it is a customer's: an error would tell them that the service is out of order.
        error_log('a push can\'t be read');
        answer('success');
        return;
    }
    $content = is_string($push['Content'] ?? null) ? $push['Content'] : '';
    if (in_array(trim($content), ['人工', '转人工'], true)) {
        answer($pushes->write($names + ['CreateTime' => time(), 'MsgType' => 'transfer_customer_service']));
        return;
    }
    answer('success');
    if (!isNew($push, $folder) || ($push['MsgType'] ?? '') !== 'text') {
        return;
    }
    try {
        $wechat->reply($push['FromUserName'], "您说：$content");
    } catch (Throwable $error) {
        error_log('reply failed: ' . $error->getMessage());
    }
}

/** Answers now; what follows happens afterwards. */
function answer(string $text): void
{
    header('Content-Type: text/plain; charset=utf-8');
    header('Content-Length: ' . strlen($text));
    header('Connection: close');
    echo $text;
    if (function_exists('fastcgi_finish_request')) {
        fastcgi_finish_request();
    }
    while (ob_get_level() > 0) {
        ob_end_flush();
    }
    flush();
}

/** WeChat pushes again what it has no answer to. A file that can be made only once tells; a database would, too. */
function isNew(array $push, string $folder): bool
{
    $kind = $push['MsgId'] ?? [$push['CreateTime'] ?? 0, $push['Event'] ?? ''];
    $name = hash('sha256', json_encode([$push['FromUserName'] ?? '', $kind]));
    return @fopen("$folder/seen/$name", 'x') !== false;
}
