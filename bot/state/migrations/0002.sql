-- A question is known to come from a server even where only its asker sees the answer; what somebody waits for knows
-- whose words it keeps; how much each person asked on a day is counted without any words.

ALTER TABLE turns ADD COLUMN server INTEGER;          -- NULL in a direct message; `guild` is NULL for private ones, too
ALTER TABLE turns ADD COLUMN parent INTEGER;          -- of a thread, the channel that it is in
UPDATE turns SET server = guild;

ALTER TABLE subscriptions ADD COLUMN asker INTEGER;   -- who asked the question; NULL where that was forgotten before
ALTER TABLE subscriptions ADD COLUMN server INTEGER;
ALTER TABLE subscriptions ADD COLUMN parent INTEGER;
UPDATE subscriptions SET server = guild, asker = (SELECT user FROM turns WHERE turns.id = subscriptions.turn);

CREATE TABLE asked (
    day INTEGER NOT NULL,         -- since 1970, by UTC
    server INTEGER NOT NULL,      -- 0 in direct messages
    user INTEGER NOT NULL,
    questions INTEGER NOT NULL,
    PRIMARY KEY (day, server, user)
) STRICT;
INSERT INTO asked SELECT CAST(asked_at / 86400 AS INTEGER), COALESCE(guild, 0), user, COUNT(*) FROM turns GROUP BY 1, 2, 3;
