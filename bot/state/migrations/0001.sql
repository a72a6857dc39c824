-- What the bot remembers. Times are seconds since 1970, people, servers, channels and messages Discord's ids.

CREATE TABLE settings (
    scope TEXT NOT NULL CHECK (scope IN ('guild', 'channel', 'user')),
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,          -- JSON
    PRIMARY KEY (scope, id, name)
) STRICT;

CREATE TABLE turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    place TEXT NOT NULL,          -- the conversation: dm:ID, thread:ID, or chain: and the id of its first turn
    guild INTEGER,                -- NULL in a direct message
    channel INTEGER NOT NULL,
    message INTEGER,              -- the bot's message with what came of it; NULL until it is posted
    user INTEGER NOT NULL,        -- who asked
    kind TEXT NOT NULL CHECK (kind IN ('ask', 'topic')),
    question TEXT NOT NULL,
    searched TEXT NOT NULL,       -- the question as it was searched for
    outcome TEXT NOT NULL CHECK (outcome IN ('answer', 'closest', 'not_covered')),
    cited TEXT NOT NULL,          -- JSON: places in the notes, no text of theirs
    build TEXT NOT NULL,          -- of the index
    asked_at REAL NOT NULL
) STRICT;
CREATE INDEX turns_by_place ON turns (place);
CREATE INDEX turns_by_message ON turns (message);
CREATE INDEX turns_by_user ON turns (user);

CREATE TABLE views (
    token TEXT PRIMARY KEY,       -- in the custom_id of each of its buttons
    turn INTEGER REFERENCES turns ON DELETE CASCADE,
    owner INTEGER NOT NULL,
    private INTEGER NOT NULL,     -- whether its buttons are the owner's alone
    payload TEXT NOT NULL,        -- JSON
    expires_at REAL NOT NULL
) STRICT;
CREATE INDEX views_by_turn ON views (turn);

CREATE TABLE votes (
    turn INTEGER NOT NULL REFERENCES turns ON DELETE CASCADE,
    user INTEGER NOT NULL,
    vote INTEGER NOT NULL CHECK (vote IN (-1, 1)),
    reason TEXT NOT NULL,
    voted_at REAL NOT NULL,
    PRIMARY KEY (turn, user)
) STRICT;

CREATE TABLE reports (
    turn INTEGER NOT NULL REFERENCES turns ON DELETE CASCADE,
    user INTEGER NOT NULL,
    citation INTEGER NOT NULL,    -- its number in the answer
    reason TEXT NOT NULL,
    reported_at REAL NOT NULL,
    PRIMARY KEY (turn, user, citation)
) STRICT;

CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    turn INTEGER REFERENCES turns ON DELETE SET NULL,
    user INTEGER NOT NULL,
    guild INTEGER,
    channel INTEGER NOT NULL,
    question TEXT NOT NULL,
    searched TEXT NOT NULL,
    asked_build TEXT NOT NULL,    -- of the index that did not cover it yet
    subscribed_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    UNIQUE (user, channel, searched)
) STRICT;
CREATE INDEX subscriptions_by_turn ON subscriptions (turn);

CREATE TABLE pending (           -- being answered right now
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user INTEGER NOT NULL,
    guild INTEGER,
    channel INTEGER NOT NULL,
    asked_at REAL NOT NULL
) STRICT;
