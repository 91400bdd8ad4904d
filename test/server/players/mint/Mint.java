// implementation("com.auth0:java-jwt:4.5.0")
import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import java.security.interfaces.ECPrivateKey;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** For a player who is signed in to your game; never pass an id that the client sent. */
record SupportTokens(ECPrivateKey key) { // once: KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der))
    String mint(String playerId, String name, int tier) {
        Instant now = Instant.now();
        return JWT.create()
            .withKeyId("support-1")
            .withSubject(playerId) // "sub"
            .withAudience("star-harbor") // "aud"
            .withIssuedAt(now) // "iat"
            .withExpiresAt(now.plusSeconds(3600)) // "exp"
            .withClaim("name", name)
            .withClaim("metadata", Map.of("tier", tier, "tags", List.of("beta")))
            .sign(Algorithm.ECDSA256(null, key));
    }
}
