"""How long and how many the values of signing in may be."""

LONGEST_ISSUER = 200  # allauth keeps it beside each linked account
LONGEST_CLIENT_ID = 191
LONGEST_SECRET = 1000
LONGEST_SCOPES = 255
LONGEST_VALUE = 200  # of a group, and of the name of a claim
LONGEST_LABEL = 40
LONGEST_SUBJECT = 191
MOST_RULES = 100
MOST_GROUPS = 1000  # of one person
MOST_BYTES = 1024 * 1024  # of an answer of the provider
SECONDS = 5  # for a connection, and for each read
MOST_SECONDS = 15  # for a whole answer
