"""What all routes of our API have in common. The routes themselves are in each app's `api` package."""
