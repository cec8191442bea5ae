"""How people sign in: OpenID Connect, second factors, sessions."""
