-- A database of version 2 with a row or two in every table.
PRAGMA application_id = 1181708148;
PRAGMA user_version = 2;
CREATE TABLE settings (
    scope TEXT NOT NULL CHECK (scope IN ('guild', 'channel', 'user')),
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (scope, id, name)
) STRICT;
CREATE TABLE turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    place TEXT NOT NULL,
    guild INTEGER,
    channel INTEGER NOT NULL,
    message INTEGER,
    user INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('ask', 'topic')),
    question TEXT NOT NULL,
    searched TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('answer', 'closest', 'not_covered')),
    cited TEXT NOT NULL,
    build TEXT NOT NULL,
    asked_at REAL NOT NULL
, server INTEGER, parent INTEGER) STRICT;
CREATE INDEX turns_by_place ON turns (place);
CREATE INDEX turns_by_message ON turns (message);
CREATE INDEX turns_by_user ON turns (user);
CREATE TABLE views (
    token TEXT PRIMARY KEY,
    turn INTEGER REFERENCES turns ON DELETE CASCADE,
    owner INTEGER NOT NULL,
    private INTEGER NOT NULL,
    payload TEXT NOT NULL,
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
    citation INTEGER NOT NULL,
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
    asked_build TEXT NOT NULL,
    subscribed_at REAL NOT NULL,
    expires_at REAL NOT NULL, asker INTEGER, server INTEGER, parent INTEGER,
    UNIQUE (user, channel, searched)
) STRICT;
CREATE INDEX subscriptions_by_turn ON subscriptions (turn);
CREATE TABLE pending (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user INTEGER NOT NULL,
    guild INTEGER,
    channel INTEGER NOT NULL,
    asked_at REAL NOT NULL
) STRICT;
CREATE TABLE asked (
    day INTEGER NOT NULL,
    server INTEGER NOT NULL,
    user INTEGER NOT NULL,
    questions INTEGER NOT NULL,
    PRIMARY KEY (day, server, user)
) STRICT;
INSERT INTO pending VALUES (1, 10, 30, 20, 1005.0);
INSERT INTO settings VALUES ('channel', 20, 'verbosity', '"short"');
INSERT INTO turns VALUES
    (1, 'thread:20', 30, 20, 40, 10, 'ask', 'How long does a bee dance?', '', 'answer',
     '[{"n": 1, "episode_id": "garden", "passage_id": "garden/bees/0", "note_file": "bees.txt", "line_start": 3, "line_end": 3, "counted": "line"}]',
     'build-1', 1000.0, 30, NULL),
    (2, 'thread:20', 30, 20, 41, 11, 'ask', 'and on Mars?', 'bee: and on Mars?', 'not_covered', '[]', 'build-1', 1001.0, 30, 21);
INSERT INTO views VALUES ('AAAAAAAAAAAAAAAA', 1, 10, 0, '{"actions": ["up", "down"]}', 5000.0);
INSERT INTO votes VALUES (1, 11, -1, 'too long', 1002.0);
INSERT INTO reports VALUES (1, 11, 1, 'wrong line', 1003.0);
INSERT INTO subscriptions VALUES (1, 2, 11, 30, 20, 'and on Mars?', 'bee: and on Mars?', 'build-1', 1004.0, 9000.0, 11, 30, 21);
INSERT INTO asked VALUES (0, 30, 10, 1), (0, 30, 11, 1);
