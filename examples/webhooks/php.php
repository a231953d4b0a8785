<?php
// A receiver of webhooks that believes only what is signed. PHP 8; no package is needed.
//
//   RENDERMILL_WEBHOOK_SECRET=whsec_… php -S 127.0.0.1:3000 php.php

$key = base64_decode(preg_replace('/^whsec_/', '', (string) getenv('RENDERMILL_WEBHOOK_SECRET')), true);
if ($key === false || strlen($key) < 24) {
    error_log('RENDERMILL_WEBHOOK_SECRET is no webhook secret');
    http_response_code(500);
    exit;
}

/** Whether these exact bytes were signed with this key within the last five minutes. */
function is_signed(string $key, string $body): bool
{
    $sent = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!preg_match('/^[0-9]{1,12}$/D', $sent) || abs(time() - (int) $sent) > 300) {
        return false;
    }
    $signed = ($_SERVER['HTTP_WEBHOOK_ID'] ?? '') . ".$sent.$body";
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', $signed, $key, true));
    // Several, separated by spaces, while a secret is rotated.
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
        if (hash_equals($expected, $given)) {
            return true;
        }
    }
    return false;
}

$body = (string) file_get_contents('php://input', false, null, 0, 65537);
if (strlen($body) > 65536 || !is_signed($key, $body)) {
    http_response_code(400);
    exit;
}
// Note the event, answer, and work elsewhere. It can come twice: take each of its ids once.
$event = json_decode($body, true, 512, JSON_THROW_ON_ERROR);
error_log("{$event['type']} {$event['data']['id']}");
http_response_code(204);
