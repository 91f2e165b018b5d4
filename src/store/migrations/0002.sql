-- Second factors, and what accounts' owners look after themselves. Everything here hangs on the
-- canonical account; counters and blocks stay with its skeleton.

-- last_step is the last TOTP step that was accepted: only a later one is.
CREATE TABLE totp_devices (
    id            BLOB   NOT NULL PRIMARY KEY,
    account       TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    sealed_secret BLOB   NOT NULL,
    last_step     BIGINT NOT NULL,
    added_at      BIGINT NOT NULL,
    last_used_at  BIGINT NOT NULL
);
CREATE INDEX totp_devices_account ON totp_devices (account);

-- The hash of a used one is emptied.
CREATE TABLE backup_codes (
    account TEXT    NOT NULL,
    slot    INTEGER NOT NULL,
    hash    TEXT    NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account, slot)
);

CREATE TABLE remembered_browsers (
    hash    BLOB   NOT NULL PRIMARY KEY,
    account TEXT   NOT NULL,
    until   BIGINT NOT NULL
);
CREATE INDEX remembered_browsers_account ON remembered_browsers (account);
CREATE INDEX remembered_browsers_until ON remembered_browsers (until);

-- added_addresses: one a line. generation goes up with every change of the factors, so that an
-- account with a device always has a row here.
CREATE TABLE account_choices (
    account         TEXT   NOT NULL PRIMARY KEY,
    added_addresses TEXT   NOT NULL DEFAULT '',
    language        TEXT,
    suspected_since BIGINT,
    generation      BIGINT NOT NULL DEFAULT 0
);

-- Numbered without reuse, so that the newest so many are those with the highest numbers.
CREATE TABLE events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT    NOT NULL,
    at      BIGINT  NOT NULL,
    kind    TEXT    NOT NULL,
    network TEXT    NOT NULL,
    browser TEXT    NOT NULL,
    detail  TEXT
);
CREATE INDEX events_account ON events (account, id);

-- Links that say "it wasn't me".
CREATE TABLE alarms (
    hash    BLOB   NOT NULL PRIMARY KEY,
    account TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    network TEXT   NOT NULL,
    browser TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    until   BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX alarms_until ON alarms (until);

-- What a session is asked to confirm: one change at a time, so that a typed code can only be meant
-- for that. failures go on counting when codes are sent anew.
CREATE TABLE confirmations (
    session          BLOB    NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    change           TEXT    NOT NULL,
    address          TEXT,
    challenge        BLOB    NOT NULL,
    hash             BLOB    NOT NULL,
    second_challenge BLOB,
    second_hash      BLOB,
    sent_at          BIGINT  NOT NULL,
    expires_at       BIGINT  NOT NULL,
    failures         INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX confirmations_expires_at ON confirmations (expires_at);

-- asks: what a pending session waits for. A cleared one that is asked for a factor and then for the
-- e-mailed code, because it turned up on an unknown network, has passed the factor from
-- factor_network if that is so, which counts until factor_until.
ALTER TABLE sessions ADD COLUMN asks TEXT NOT NULL DEFAULT 'mail';
ALTER TABLE sessions ADD COLUMN factor_network TEXT;
ALTER TABLE sessions ADD COLUMN factor_until BIGINT;
ALTER TABLE sessions ADD COLUMN cleared_by TEXT NOT NULL DEFAULT 'network';
ALTER TABLE sessions ADD COLUMN password_hash TEXT;
ALTER TABLE sessions ADD COLUMN step_up_failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN stepped_up_until BIGINT;
CREATE INDEX sessions_account ON sessions (account);
