// dotnet add package Microsoft.IdentityModel.JsonWebTokens
using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

public sealed class SupportTokens(ECDsa key) // once: key = ECDsa.Create(); key.ImportFromPem(pem);
{
    private readonly SigningCredentials signing =
        new(new ECDsaSecurityKey(key) { KeyId = "support-1" }, SecurityAlgorithms.EcdsaSha256);

    /// <summary>For a player who is signed in to your game; never pass an id that the client sent.</summary>
    public string For(string playerId, string name, int tier) =>
        new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Audience = "star-harbor", // "aud"
            IssuedAt = DateTime.UtcNow, // "iat"
            Expires = DateTime.UtcNow.AddHours(1), // "exp"
            Claims = new Dictionary<string, object>
            {
                ["sub"] = playerId, ["name"] = name, ["metadata"] = new Dictionary<string, object> { ["tier"] = tier },
            },
            SigningCredentials = signing,
        });
}
