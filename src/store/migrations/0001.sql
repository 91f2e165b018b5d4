-- Instants are milliseconds since the Unix epoch, networks and references are text as people read
-- them, identities and hashes are blobs of 16 or 32 bytes.

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);

-- The latest instant that was ever decided by: the gate's clock never starts before it.
CREATE TABLE clock (
    one        INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    high_water BIGINT  NOT NULL
);
INSERT INTO clock (one, high_water) VALUES (1, 0);

-- Values of the panel's cookies that a login was made with (R3). Held by an attempt whose verdict
-- isn't in, or owned by a session, or both: then the attempt is made in that session, and it falls
-- back to the session if it's refused.
CREATE TABLE claims (
    claim    BLOB   NOT NULL PRIMARY KEY,
    attempt  BLOB,
    session  BLOB,
    ends_at  BIGINT NOT NULL,
    CHECK (attempt IS NOT NULL OR session IS NOT NULL)
);
CREATE INDEX claims_attempt ON claims (attempt) WHERE attempt IS NOT NULL;
CREATE INDEX claims_ends_at ON claims (ends_at);

-- Gate sessions: pending ones have a pending_until. Claims outlive them, so nothing refers here
-- from there.
CREATE TABLE sessions (
    id            BLOB   NOT NULL PRIMARY KEY,
    token         BLOB   NOT NULL UNIQUE,
    account       TEXT   NOT NULL,
    skeleton      TEXT   NOT NULL,
    network       TEXT   NOT NULL,
    created_from  TEXT,
    pending_until BIGINT,
    created_at    BIGINT NOT NULL,
    last_seen_at  BIGINT NOT NULL,
    sealed_jar    BLOB,
    addresses     TEXT   NOT NULL,
    language      TEXT   NOT NULL,
    browser       TEXT   NOT NULL
);
CREATE INDEX sessions_pending ON sessions (skeleton, network) WHERE pending_until IS NOT NULL;
CREATE INDEX sessions_pending_until ON sessions (pending_until) WHERE pending_until IS NOT NULL;
CREATE INDEX sessions_last_seen_at ON sessions (last_seen_at);
CREATE INDEX sessions_created_at ON sessions (created_at);

CREATE TABLE codes (
    challenge  BLOB    NOT NULL PRIMARY KEY,
    session    BLOB    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    hash       BLOB    NOT NULL,
    sent_at    BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL,
    superseded INTEGER NOT NULL
);
CREATE INDEX codes_session ON codes (session);
CREATE UNIQUE INDEX codes_newest ON codes (session) WHERE superseded = 0;
CREATE INDEX codes_expires_at ON codes (expires_at);

CREATE TABLE known_networks (
    account      TEXT   NOT NULL,
    network      TEXT   NOT NULL,
    known_since  BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (account, network)
);

-- What was counted for an account from one network, and from everywhere where network is ''. There
-- failures are those in a row, and latest_failures a history of them. Histories are instants of
-- eight bytes each, newest first.
CREATE TABLE tallies (
    skeleton        TEXT    NOT NULL,
    network         TEXT    NOT NULL,
    failures        INTEGER NOT NULL,
    failed_at       BIGINT,
    latest_failures BLOB    NOT NULL,
    mails           BLOB    NOT NULL,
    forgotten_at    BIGINT  NOT NULL,
    PRIMARY KEY (skeleton, network)
);
CREATE INDEX tallies_forgotten_at ON tallies (forgotten_at);

-- network is where the code that caused the block was typed; everywhere says whether the block
-- holds for all networks that aren't known for the account.
CREATE TABLE blocks (
    id         INTEGER NOT NULL PRIMARY KEY,
    reference  TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    account    TEXT    NOT NULL,
    skeleton   TEXT    NOT NULL,
    network    TEXT    NOT NULL,
    everywhere INTEGER NOT NULL,
    since      BIGINT  NOT NULL,
    until      BIGINT
);
CREATE INDEX blocks_skeleton ON blocks (skeleton);
CREATE INDEX blocks_reference ON blocks (reference);
CREATE INDEX blocks_until ON blocks (until);

CREATE TABLE wrong_passwords (
    network      TEXT   NOT NULL PRIMARY KEY,
    failures     BLOB   NOT NULL,
    forgotten_at BIGINT NOT NULL
);
CREATE INDEX wrong_passwords_forgotten_at ON wrong_passwords (forgotten_at);

-- Numbered without reuse, so that the newest so many are those with the highest numbers.
CREATE TABLE refusals (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    reference TEXT    NOT NULL,
    at        BIGINT  NOT NULL,
    reason    TEXT    NOT NULL,
    status    INTEGER NOT NULL,
    account   TEXT,
    network   TEXT    NOT NULL,
    request   TEXT    NOT NULL,
    until     BIGINT
);
CREATE INDEX refusals_reference ON refusals (reference);
CREATE INDEX refusals_at ON refusals (at);
