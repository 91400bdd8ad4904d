# pip install "pyjwt[crypto]"
import os
import time
from pathlib import Path

import jwt

KEY = Path(os.environ["SUPPORT_KEY_FILE"]).read_text()


def support_token(player):
    """Call this for a player who is signed in to your game, and never with an id that the client sent."""
    now = int(time.time())
    claims = {
        "sub": str(player.id),
        "aud": "star-harbor",
        "iat": now,
        "exp": now + 3600,
        "name": player.name,
        "metadata": {"tier": player.tier, "tags": ["beta"]},
    }
    return jwt.encode(claims, KEY, algorithm="ES256", headers={"kid": "support-1"})
