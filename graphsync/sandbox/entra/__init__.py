"""The authority as Microsoft Entra ID: sign-in of people and applications, tokens, keys."""
