// go get github.com/golang-jwt/jwt/v5
package support

import (
	"crypto/ecdsa"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// SupportToken is for a player who is signed in to your game; never pass an id that the client sent.
// Read the key once with jwt.ParseECPrivateKeyFromPEM.
func SupportToken(key *ecdsa.PrivateKey, playerID, name string, tier int) (string, error) {
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"sub":      playerID,
		"aud":      "star-harbor",
		"iat":      now.Unix(),
		"exp":      now.Add(time.Hour).Unix(),
		"name":     name,
		"metadata": map[string]any{"tier": tier, "tags": []string{"beta"}},
	})
	token.Header["kid"] = "support-1"
	return token.SignedString(key)
}
