<?php
// composer require firebase/php-jwt
use Firebase\JWT\JWT;

/** For a player who is signed in to your game; never pass an id that the client sent. */
function support_token(string $playerId, string $name, int $tier): string
{
    $key = file_get_contents(getenv('SUPPORT_KEY_FILE'));
    $now = time();
    $claims = [
        'sub' => $playerId,
        'aud' => 'star-harbor',
        'iat' => $now,
        'exp' => $now + 3600,
        'name' => $name,
        'metadata' => ['tier' => $tier, 'tags' => ['beta']],
    ];
    return JWT::encode($claims, $key, 'ES256', 'support-1');
}
